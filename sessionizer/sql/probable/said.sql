-- said: what is known of each of them, one column a field; a masked value tells nothing.
WITH texts AS (
    SELECT
        p.id,
        m.field,
        m.rank,
        CASE
            WHEN m.path <> '' THEN json_extract_string(a.value, m.path)
            WHEN json_type(a.value) NOT IN ('OBJECT', 'ARRAY') THEN a.value ->> '$'
        END AS text
    FROM lake.main.customer_attributes AS a
    JOIN meanings AS m ON m.trait = regexp_replace(lower(a.name), '[^\p{{L}}\p{{N}}]', '', 'g')
    JOIN probable_members AS p ON p.project = a.project AND p.customer_id = a.customer_id
),
chosen AS (
    SELECT id, field, arg_min(text, (rank, text)) AS text
    FROM texts
    WHERE trim(text) <> '' AND NOT contains(text, '*')
    GROUP BY id, field
)
SELECT id, {fields}, any_value(fingerprints) AS fingerprints, any_value(networks) AS networks
FROM chosen
LEFT JOIN probable_devices USING (id)
GROUP BY id
ORDER BY id
