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
        CASE WHEN grouping(local) = 0 THEN 1 {which} ELSE 0 END AS which,
        if(grouping(local) = 0, local, NULL) AS begins,
        {value} AS value,
        count(*) AS visits,
        count(DISTINCT subject_key) AS visitors,
        count(DISTINCT customer) AS customers,
        sum(pages) AS pages,
        count(*) FILTER (bounced) AS bounced,
        count(*) FILTER (conversions > 0) AS converted,
        sum(order_value) FILTER (currency IS NOT DISTINCT FROM (SELECT currency FROM main)) AS revenue,
        sum(seconds) AS seconds
    FROM visited
    GROUP BY GROUPING SETS (
    (later),
    (later, local){sets}
    )
)
SELECT *, (SELECT currency FROM main)
FROM counted
WHERE later OR which < 2
QUALIFY which < 2 OR row_number() OVER (PARTITION BY which ORDER BY visits DESC, value) <= {top}
ORDER BY which, begins, visits DESC, value
