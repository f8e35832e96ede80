-- action_effect: by arm, how many entered, and of those whose time is over how many converted, and how many went silent
WITH happened AS (
{happened}
),
entered AS (
    SELECT owner, arg_min(arm, moment) AS arm, min(assigned) AS entered
    FROM happened
    WHERE arm IS NOT NULL AND assigned >= {since} AND assigned < {until}
    GROUP BY owner
),
followed AS (
    SELECT
        e.arm,
        e.entered + {within} <= {complete} AS is_over,
        e.entered + {silent} <= {complete} AS is_quiet_over,
        coalesce(bool_or(h.converts AND h.moment < e.entered + {within}), FALSE) AS converted,
        coalesce(bool_or(h.active AND h.moment < e.entered + {silent}), FALSE) AS came
    FROM entered AS e
    LEFT JOIN happened AS h ON h.owner = e.owner AND h.moment > e.entered AND h.arm IS NULL
    GROUP BY e.owner, e.arm, e.entered
)
SELECT
    arm,
    count(*) AS n,
    count(*) FILTER (is_over) AS looked,
    count(*) FILTER (is_over AND converted) AS converted,
    count(*) FILTER (is_quiet_over) AS looked_at_churn,
    count(*) FILTER (is_quiet_over AND NOT came) AS churned
FROM followed
GROUP BY arm
ORDER BY arm
