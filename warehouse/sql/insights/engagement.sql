-- engagement: of each item how many used it, for the first time too, how long they stayed, and who left at once
WITH used AS (
    SELECT DISTINCT owner, item
    FROM (
{history}
    )
),
happened AS (
{happened}
),
seen AS (
    SELECT
        owner,
        visit,
        bounced,
        moment,
        last_value(item IGNORE NULLS) OVER passed AS item,
        count(item) OVER passed AS view_no,
        CASE WHEN visit IS NOT NULL THEN lead(moment) OVER one - moment END AS pause
    FROM happened
    WINDOW
        one AS (PARTITION BY visit ORDER BY moment, message_id),
        passed AS (PARTITION BY visit ORDER BY moment, message_id ROWS UNBOUNDED PRECEDING)
),
views AS (
    SELECT
        owner,
        item,
        visit,
        view_no,
        view_no = 1 AS entry,
        view_no = 1 AND bounced AS bounce,
        sum(pause) AS dwell,
        sum(least(pause, 30000000)) FILTER (pause IS NOT NULL) AS engaged
    FROM seen
    WHERE view_no > 0
    GROUP BY owner, item, visit, view_no, bounced
),
ranked AS (
    SELECT item, row_number() OVER (ORDER BY count(*) DESC, item) AS place
    FROM views
    GROUP BY item
    QUALIFY place <= {top}
),
placed AS (
    SELECT v.*, coalesce(r.place, {top} + 1) AS place, u.owner IS NULL AS first_use
    FROM views AS v
    LEFT JOIN ranked AS r ON r.item = v.item
    LEFT JOIN used AS u ON u.owner = v.owner AND u.item = v.item
),
found AS (
    SELECT
        place,
        count(*) AS views,
        count(DISTINCT owner) AS units,
        count(DISTINCT owner) FILTER (first_use) AS first_units,
        count(dwell) AS measured,
        sum(dwell)::DOUBLE AS dwell,
        sum(engaged)::DOUBLE AS engaged,
        count(*) FILTER (entry) AS entries,
        count(*) FILTER (bounce) AS bounces
    FROM placed
    GROUP BY GROUPING SETS ((place), ())
),
everybody AS (
    SELECT count(*) AS n, count(*) FILTER (last + {gap} <= {complete}) AS n_mature
    FROM (SELECT owner, max(moment) AS last FROM happened GROUP BY owner)
)
SELECT f.*, CASE WHEN f.place > {top} THEN '{other}' ELSE r.item END AS item, y.n, y.n_mature
FROM found AS f
CROSS JOIN everybody AS y
LEFT JOIN ranked AS r ON r.place = f.place
ORDER BY f.place NULLS FIRST
