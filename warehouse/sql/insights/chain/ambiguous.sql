-- ambiguous: units with a moment at which an event that is several steps stands beside one that is others
WITH happened AS (
{happened}
)
SELECT count(DISTINCT owner)
FROM (
    SELECT {keys}
    FROM happened
    GROUP BY {keys}, moment
    HAVING max({several}) > 1 AND count(DISTINCT ({steps})) > 1
)
