-- groups: tags and saved cohorts as filters name them
SELECT DISTINCT 'tag: ' || tag AS name FROM tags
UNION
SELECT DISTINCT 'cohort: ' || cohort FROM cohorts
ORDER BY name
LIMIT 500
