-- contradictions: of each attribute, how many customers have it, and for how many it is contradictory.
-- Parameters: project or null for all.
SELECT project, name AS attribute, count(*) AS customers, count(*) FILTER (contradictory) AS contradictory
FROM customer_attributes
WHERE $project IS NULL OR project = $project
GROUP BY ALL
HAVING contradictory > 0
ORDER BY contradictory DESC
