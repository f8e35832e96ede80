-- retention: of those who entered in an interval, how many came back in each later one, and of how many it is known
WITH happened AS (
{happened}
),
marks AS MATERIALIZED (
    {marks}
),
starts AS (
    SELECT owner, {start_of} AS start
    FROM marks
    WHERE start IS NOT NULL
    GROUP BY owner{again}
),
came AS (
    SELECT owner, {moment} AS moment, {cohort} AS cohort, {by}
    FROM starts
    WHERE {entered}
),
ranked AS (
    SELECT {names}, row_number() OVER (ORDER BY count(*) DESC, {names}) AS place
    FROM came
    GROUP BY {names}
    QUALIFY place <= {top}
),
entered AS MATERIALIZED (
    SELECT owner, moment, cohort, {place} AS place, {whole} AS whole, {begun} AS begun
    FROM came
    {placed}
),
spans AS (
    SELECT unnest({lows}) AS low, unnest({highs}) AS high, unnest(range({columns})) AS column_no
),
sizes AS (
    SELECT
        place,
        cohort,
        column_no,
        sum(n)::BIGINT AS n,
        coalesce(sum(n) FILTER (whole > {known}), 0)::BIGINT AS n_mature,
        bool_or(begun > low) AS begun
    FROM (SELECT place, cohort, whole, begun, count(*) AS n FROM entered GROUP BY ALL)
    CROSS JOIN spans
    GROUP BY ALL
),
pairs AS (
    SELECT n.owner, n.cohort, n.place, n.whole, {offset} AS passed, x.times, x.amount, x.valued
    FROM entered AS n
    JOIN marks AS x ON x.owner = n.owner
    WHERE x.times > 0 AND {follows} AND {offset} BETWEEN {least} AND {horizon}
),
hits AS (
    {hits}
),
returned AS (
    SELECT
        place,
        cohort,
        column_no,
        count(*) AS units,
        count(*) FILTER (whole > {known}) AS units_mature,
        sum(amount) AS amount,
        sum(valued)::BIGINT AS valued
    FROM hits
    JOIN spans USING (column_no)
    GROUP BY ALL
),
everybody AS (
    SELECT count(*) AS n, count(*) FILTER (whole > {horizon}) AS n_mature
    FROM (SELECT owner, min(whole) AS whole FROM entered GROUP BY owner)
)
SELECT
    s.place,
    s.cohort,
    s.column_no,
    s.n,
    s.n_mature,
    s.begun,
    coalesce(r.units, 0) AS units,
    coalesce(r.units_mature, 0) AS units_mature,
    r.amount,
    r.valued,
    {named}
FROM sizes AS s
LEFT JOIN returned AS r USING (place, cohort, column_no)
LEFT JOIN ranked AS t USING (place)
UNION ALL
SELECT NULL, NULL, NULL, n, n_mature, NULL, NULL, NULL, NULL, NULL, {nothing}
FROM everybody
ORDER BY ALL
