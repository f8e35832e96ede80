-- correlation: how many of those who converted and of those who did not did each other thing on the way
WITH {chains},
ways AS (
    SELECT owner, arg_max({{'level': level, 't1': t1, 'done': t{last}}}, (level, -greatest({times}))) AS way, max(latest) AS latest
    FROM reached
    GROUP BY owner
),
judged AS (
    SELECT
        owner,
        way.t1 AS opens,
        coalesce(way.done, way.t1 + {within}) AS closes,
        way.level = {last} AS converted,
        latest + {within} <= {complete} AS mature
    FROM ways
),
did AS (
    SELECT DISTINCT h.owner, h.name, j.converted
    FROM happened AS h
    JOIN judged AS j ON j.owner = h.owner AND h.moment > j.opens AND h.moment < j.closes
    WHERE j.mature AND h.name IS NOT NULL AND NOT {is_step}
)
SELECT name, count(*) FILTER (converted) AS converted, count(*) FILTER (NOT converted) AS others
FROM did
GROUP BY name
UNION ALL
SELECT NULL, count(*) FILTER (converted AND mature), count(*) FILTER (NOT converted AND mature)
FROM judged
UNION ALL
SELECT '', count(*), count(*)
FROM judged
ORDER BY name NULLS FIRST
