-- heatmap: clicks by element, place and device, and how far down page views came; a number says of which part a row is
WITH happened AS (
{happened}
),
-- Elements from the one that was clicked outwards, each of them as its tag, its id and its place among its like.
listed AS (
    SELECT
        *,
        CASE
            WHEN tree IS NOT NULL THEN list_transform(from_json(tree, '["JSON"]'), lambda one: {{
                'tag': coalesce(one ->> '/tag_name', one ->> '/$tag_name', one ->> '/tag'),
                'id': coalesce(one ->> '/attr__id', one ->> '/$id', one ->> '/id', ''),
                'nth': coalesce(
                    TRY_CAST(coalesce(one ->> '/nth_of_type', one ->> '/$nth_of_type') AS INTEGER),
                    TRY_CAST(one ->> '/indexOfType' AS INTEGER) + 1,
                    1
                )
            }})
            WHEN chain <> '' THEN list_transform(
                regexp_extract_all(chain, '(?:[^";]|"(?:[^"\\]|\\.)*")+'),
                lambda one: {{
                    'tag': regexp_extract(one, '^([^.:"]+)', 1),
                    'id': regexp_extract(one, '[:"]attr__id="((?:[^"\\]|\\.)*)"', 1),
                    'nth': coalesce(TRY_CAST(regexp_extract(one, '"nth-of-type="(\d+)"', 1) AS INTEGER), 1)
                }}
            )
        END AS steps
    FROM happened
),
cut AS (
    SELECT
        * EXCLUDE (steps),
        list_filter(
            steps[: coalesce(list_position(list_transform(steps, lambda one: one.id <> ''), TRUE), {deepest})],
            lambda one: one.tag NOT IN ('body', 'html')
        ) AS steps
    FROM listed
),
called AS (
    SELECT
        *,
        CASE
            WHEN len(steps) > 0 THEN array_to_string(
                list_transform(
                    list_reverse(steps),
                    lambda one: one.tag || if(one.id <> '', '#' || one.id, ':nth-of-type(' || one.nth || ')')
                ),
                ' > '
            )
            WHEN starts_with(selector, '#') AND tags <> ''
                THEN split_part(tags, ' > ', 1) || regexp_extract(selector, '^[^ ]+(.*)$', 1)
            WHEN selector <> '' THEN selector
            WHEN id <> '' THEN tag || '#' || id
            WHEN tag <> '' THEN tag || coalesce('[' || regexp_extract(href, '^(?:[a-z]+://[^/?#]*)?([^?#]*)', 1) || ']', '')
        END AS written
    FROM cut
),
-- Classes come and go with what an element shows; its id, or its place among its like, stays.
named AS (
    SELECT
        *,
        left(
            regexp_replace(
                regexp_replace(written, '(#(?:[^\\.:#\s>]|\\.)+)|\.(?:[^\\.:#\s>]|\\.)+', '\1', 'g'),
                '(#(?:[^\\.:#\s>]|\\.)+):nth-of-type\(\d+\)',
                '\1',
                'g'
            ),
            {longest}
        ) AS element,
        CASE
            WHEN width < {phone} THEN 'phone'
            WHEN width < {tablet} THEN 'tablet'
            WHEN width IS NOT NULL THEN 'desktop'
            WHEN device_type = 'mobile' THEN 'phone'
            WHEN device_type IN ('tablet', 'desktop') THEN device_type
            ELSE 'other'
        END AS device
    FROM called
),
asked AS (
    SELECT *
    FROM named
    WHERE {device}
),
clicks AS (
    SELECT
        *,
        what = 'click'
        AND moment - lag(moment, 2) OVER (PARTITION BY subject, element, what ORDER BY moment) <= {rage} AS third
    FROM asked
    WHERE what IN ('click', 'dead') AND page
),
bursts AS (
    SELECT *, third AND lag(third, 1, FALSE) OVER (PARTITION BY subject, element, what ORDER BY moment) IS NOT TRUE AS rage
    FROM clicks
),
elements AS (
    SELECT
        element,
        min(coalesce(nullif(left(trim(label), {label}), ''), regexp_extract(written, '[^ ]+$'))) AS label,
        min(left(regexp_extract(href, '^[^?#]*'), {longest})) AS href,
        count(*) FILTER (what = 'click') AS clicks,
        count(DISTINCT owner) AS units,
        count(*) FILTER (rage) AS rage,
        count(*) FILTER (what = 'dead') AS dead,
        median(x / width) FILTER (x >= 0 AND width > 0) AS x,
        median(y) FILTER (y >= 0) AS y
    FROM bursts
    WHERE element IS NOT NULL
    GROUP BY element
),
points AS (
    SELECT x, y, width
    FROM clicks
    WHERE what = 'click'
    UNION ALL
    SELECT TRY_CAST(one ->> '/x' AS DOUBLE), TRY_CAST(one ->> '/y' AS DOUBLE), width
    FROM (
        SELECT width, unnest(from_json(points, '["JSON"]')) AS one
        FROM (
            SELECT
                width,
                address,
                json_extract(points, '/' || replace(replace(address, '~', '~0'), '/', '~1')) AS points
            FROM (SELECT width, points, unnest(json_keys(points)) AS address FROM asked WHERE what = 'points')
        )
        WHERE {of_address}
    )
    WHERE one ->> '/type' = 'click'
),
spots AS (
    SELECT floor({columns} * x / width)::BIGINT AS at_column, floor({columns} * y / width)::BIGINT AS at_row, count(*) AS clicks
    FROM points
    WHERE x >= 0 AND x < width AND y >= 0 AND y < width * {most_rows} / {columns}
    GROUP BY ALL
),
-- What tells of a page that was left may come with the view of the next one, even of the same: it belongs before it.
seen AS (
    SELECT subject, moment, 1 AS view, NULL AS depth FROM asked WHERE what = 'view' AND page
    UNION ALL
    SELECT subject, moment, 0, depth FROM asked WHERE depth IS NOT NULL AND depth_page
),
numbered AS (
    SELECT subject, depth, sum(view) OVER (PARTITION BY subject ORDER BY moment, view ROWS UNBOUNDED PRECEDING) AS number
    FROM seen
),
measured AS (
    SELECT least(max(depth), 100) AS depth
    FROM numbered
    WHERE number > 0
    GROUP BY subject, number
    HAVING max(depth) IS NOT NULL
)
SELECT
    0 AS part,
    NULL AS name,
    NULL AS label,
    NULL AS href,
    count(*) FILTER (what = 'click' AND page) AS clicks,
    count(*) FILTER (what = 'view' AND page) AS views,
    count(DISTINCT owner) FILTER (what IN ('click', 'view') AND page) AS units,
    (SELECT count(*) FROM measured) AS rage,
    count(*) FILTER (what = 'click' AND page AND element IS NULL) AS dead,
    NULL AS x,
    NULL AS y
FROM asked
UNION ALL
(
    SELECT 1, element, label, href, clicks, NULL, units, rage, dead, x, y
    FROM elements
    ORDER BY clicks DESC, dead DESC, element
    LIMIT {top}
)
UNION ALL
SELECT 2, NULL, NULL, NULL, NULL, count(*) FILTER (depth >= percent), percent, NULL, NULL, NULL, NULL
FROM (SELECT unnest(generate_series(10, 100, 10)) AS percent)
LEFT JOIN measured ON TRUE
GROUP BY percent
UNION ALL
(
    SELECT 3, NULL, NULL, NULL, clicks, NULL, NULL, NULL, NULL, at_column, at_row
    FROM spots
    ORDER BY clicks DESC, at_row, at_column
    LIMIT {most_spots}
)
UNION ALL
SELECT
    4, device, NULL, NULL, count(*) FILTER (what = 'click'), count(*) FILTER (what = 'view'), NULL, NULL, NULL, NULL, NULL
FROM named
WHERE page AND what IN ('click', 'view')
GROUP BY device
ORDER BY part, clicks DESC, name, units, y, x
