-- corrected: imported orders that were cancelled or refunded after they counted, and by which of their states
SELECT left(message_id, 25) AS name, max(CAST(regexp_extract(message_id, '[0-9]+$') AS BIGINT)) AS revision
FROM events
WHERE project = {project} AND event IN ('Order Cancelled', 'Order Refunded') AND library_name = 'sojourn-import'
    AND load_seq <= {seq}
GROUP BY 1
