-- overview: visits of a range and of the one before, as a whole, by interval (the earlier ones moved up) and by value
WITH visited AS (
    SELECT
        s.started_at >= make_timestamptz({begin}) AS later,
        {local} AS local,
        s.subject_key,
        coalesce(hash(i.customer_id), hash(s.identity_key)) AS customer,
        s.pages,
        s.bounced,
        s.conversions,
        s.order_value,
        s.currency,
        s.seconds{shown}
    FROM sessions AS s
    LEFT JOIN identities AS i ON i.identity_key = s.identity_key AND i.project = s.project
    WHERE s.project = {project}
        AND s.session_day BETWEEN {first} AND {last}
        AND s.started_at >= make_timestamptz({since})
        AND s.started_at < make_timestamptz({until})
        AND {holds}
),
main AS (SELECT {currency} AS currency),
counted AS (
    SELECT
        later,
        if(grouping(local) = 0, 1, 0) AS which,
        if(grouping(local) = 0, local, NULL) AS begins,
        NULL AS value,
        count(*) AS visits,
        count(DISTINCT subject_key) AS visitors,
        count(DISTINCT customer) AS customers,
        {sums}
    FROM visited
    GROUP BY GROUPING SETS ((later), (later, local))
    {parts}
)
SELECT *, (SELECT currency FROM main)
FROM counted
QUALIFY which < 2 OR row_number() OVER (PARTITION BY which ORDER BY visits DESC, value) <= {top}
ORDER BY which, begins, visits DESC, value
