-- interests: which unit had to do with which item, how often, and what of it was bought, before a day and after
WITH happened AS (
{happened}
),
each AS (
    SELECT
        owner,
        moment,
        bought,
        coalesce(named = {customer}, FALSE) AS wanted,
        unnest(CASE
            WHEN coalesce(json_type(TRY_CAST(listed AS JSON)), '') = 'ARRAY'
                THEN json_extract_string(TRY_CAST(listed AS JSON), {path})
            ELSE [single]
        END) AS item
    FROM happened
),
pairs AS (
    SELECT
        owner,
        item,
        bool_or(wanted) AS wanted,
        count(*) AS times,
        count(*) FILTER (moment < {split}) AS early_times,
        bool_or(bought) AS bought,
        coalesce(bool_or(bought) FILTER (moment < {split}), FALSE) AS early_bought,
        coalesce(bool_or(bought) FILTER (moment >= {split}), FALSE) AS late_bought
    FROM each
    WHERE item IS NOT NULL AND item != ''
    GROUP BY owner, item
),
items AS (
    SELECT item, count(*) AS units
    FROM pairs
    GROUP BY item
    ORDER BY units DESC, item
    LIMIT {most_items}
)
SELECT p.*
FROM pairs AS p
SEMI JOIN items USING (item)
QUALIFY row_number() OVER (PARTITION BY owner ORDER BY times DESC, item) <= {most_each}
ORDER BY owner, item
