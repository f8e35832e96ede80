-- service: tickets opened in the range, when they were first answered and resolved, and whether the same unit opened another
WITH happened AS (
{happened}
),
openings AS (
    SELECT ticket, min(moment) FILTER (opened) AS opened_at, arg_min(owner, moment) FILTER (opened) AS owner{said}
    FROM happened
    GROUP BY ticket
    HAVING opened_at IS NOT NULL
),
followed AS (
    SELECT *, lead(opened_at) OVER (PARTITION BY owner ORDER BY opened_at, ticket) AS next_at
    FROM openings
),
tickets AS (
    SELECT
        o.* EXCLUDE (next_at),
        min(h.moment) FILTER (h.answered AND h.moment >= o.opened_at) - o.opened_at AS response,
        min(h.moment) FILTER (h.resolved AND h.moment >= o.opened_at) - o.opened_at AS resolution,
        o.opened_at + {again} <= {complete} AS mature,
        coalesce(o.next_at <= o.opened_at + {again}, FALSE) AS repeated
    FROM followed AS o
    JOIN happened AS h USING (ticket)
    WHERE o.opened_at < {until}
    GROUP BY o.ticket, o.opened_at, o.owner, o.next_at{grouped}
)
SELECT
    {values} AS values,
    count(*) AS tickets,
    count(response) AS answered,
    median(response) / 1e6 AS response_median_s,
    quantile_cont(response, 0.9) / 1e6 AS response_p90_s,
    count(resolution) AS resolved,
    median(resolution) / 1e6 AS resolution_median_s,
    quantile_cont(resolution, 0.9) / 1e6 AS resolution_p90_s,
    count(*) FILTER (mature) AS mature,
    count(*) FILTER (mature AND repeated) AS repeated,
    count(DISTINCT owner) FILTER (mature) AS n_mature,
    count(DISTINCT owner) AS n
FROM tickets
GROUP BY GROUPING SETS ({sets})
ORDER BY values IS NOT NULL, tickets DESC, values
LIMIT {most}
