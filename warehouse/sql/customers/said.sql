-- said: what the newest events of some sessions tell of a person's wishes and interests.
CREATE OR REPLACE TEMP TABLE said AS
WITH visits AS ({visits}),

during AS (
    {during}
)

SELECT
    "timestamp" AS happened_at,
    nullif(timezone, '') AS timezone,
    signals,
    CASE WHEN contains(context::VARCHAR, '"categoryPreferences"') THEN context->'$.consent.categoryPreferences' END AS consent,
    list_distinct([
        name
        FOR name IN list_concat(
            [category, properties->>'$.category', properties->>'$.product_category'], properties->>'$.products[*].category'
        )
        IF name <> ''
    ]) AS categories
FROM during JOIN visits USING (subject_key)
WHERE row(epoch_us("timestamp"), message_id) BETWEEN row(opens, opening) AND row(closes, closing)
ORDER BY "timestamp" DESC, message_id DESC, load_seq DESC
LIMIT {limit}
