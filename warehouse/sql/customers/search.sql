-- search: customers one of whose ids begins so, or of whom that was said, a few of them; whoever has it exactly comes first
SELECT customer_id, kind, value
FROM (
    (
        SELECT customer_id, kind, value, value <> $text AS later
        FROM identities
        WHERE $name IS NULL AND starts_with(value, $text)
        LIMIT {limit}
    )
    UNION ALL
    (
        SELECT customer_id, name, value ->> '$', value ->> '$' IS DISTINCT FROM $text
        FROM customer_attributes
        WHERE ($name IS NULL OR name = $name) AND starts_with(value::VARCHAR, $said)
        LIMIT {limit}
    )
)
ORDER BY later, kind, value, customer_id
LIMIT {limit}
