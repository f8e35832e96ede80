-- dropoff: who reached a step and not the next, those who reached it last first
WITH {chains},
ids AS (
    {who}
),
stopped AS (
    SELECT owner, max(level) AS level, arg_max(t1, (level, -t{step})) AS t1, arg_max(t{step}, (level, -t{step})) AS at_step,
        max(latest) + {within} AS ends
    FROM reached
    GROUP BY owner
)
SELECT
    id,
    t1,
    at_step,
    count(*) FILTER (level >= {step}) OVER () AS n,
    count(*) FILTER (level >= {step} AND ends <= {complete}) OVER () AS n_mature,
    count(*) FILTER (level = {step}) OVER () AS dropped,
    ends <= {complete} AS mature
FROM stopped
LEFT JOIN ids USING (owner)
WHERE level >= {step}
QUALIFY level = {step}
ORDER BY at_step DESC, id
LIMIT {limit}
