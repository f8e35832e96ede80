-- pages: where clicks and page views were, the most clicked first
SELECT page, count(*) FILTER (what = 'click') AS clicks, count(*) FILTER (what = 'view') AS views
FROM (
{happened}
)
WHERE page IS NOT NULL
GROUP BY page
HAVING clicks + views > 0
ORDER BY clicks DESC, views DESC, page
LIMIT {most}
