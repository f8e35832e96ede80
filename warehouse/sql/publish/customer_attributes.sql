-- customer_attributes: what is known of each customer, one row per attribute.
SELECT
    e.project,
    e.customer_id,
    e.name,
    e.value ->> '$' AS value,
    CASE WHEN isfinite(try_cast(e.value ->> '$' AS DOUBLE)) THEN try_cast(e.value ->> '$' AS DOUBLE) END AS number,
    e.source,
    e.said_at
FROM (
    SELECT e.project, e.customer_id, e.name, {value}, e.source, e.said_at
    FROM lake.customer_attributes AS e {at}
    WHERE {shown}
) AS e
