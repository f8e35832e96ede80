-- lifecycle: of the units of each interval, who was there in the one before, who is new, and who stayed away
WITH happened AS (
{happened}
),
days AS (
    SELECT owner, number, bool_or(active) AS active
    FROM happened
    GROUP BY owner, number
),
firsts AS (
    SELECT owner, min(number) AS number
    FROM days
    GROUP BY owner
),
lives AS (
    SELECT
        owner,
        number,
        lag(number) OVER one AS before,
        lead(number) OVER one AS after
    FROM days
    WHERE active AND number >= 0
    WINDOW one AS (PARTITION BY owner ORDER BY number)
),
told AS (
    SELECT l.owner, l.number, l.after, f.number = l.number AS is_new, l.before IS NOT DISTINCT FROM l.number - 1 AS stayed
    FROM lives AS l
    JOIN firsts AS f ON f.owner = l.owner
),
came AS (
    SELECT
        number,
        count(*) AS active,
        count(*) FILTER (is_new) AS new,
        count(*) FILTER (stayed) AS returning_,
        count(*) FILTER (NOT stayed AND NOT is_new) AS resurrecting
    FROM told
    GROUP BY number
),
went AS (
    SELECT number + 1 AS number, count(*) AS dormant
    FROM told
    WHERE after IS DISTINCT FROM number + 1
    GROUP BY number
)
SELECT
    i.number,
    coalesce(c.active, 0),
    coalesce(c.new, 0),
    coalesce(c.returning_, 0),
    coalesce(c.resurrecting, 0),
    coalesce(w.dormant, 0),
    (SELECT count(DISTINCT owner) FROM told WHERE number > 0) AS n
FROM (SELECT unnest(range(1, {size})) AS number) AS i
LEFT JOIN came AS c ON c.number = i.number
LEFT JOIN went AS w ON w.number = i.number
ORDER BY i.number
