-- told: message ids of imported rows with the event that was made of them, the oldest of each row first
SELECT message_id, event, taken
FROM (
    SELECT message_id, event, true AS taken FROM events WHERE starts_with(message_id, 'im-')
    UNION ALL
    SELECT message_id, event, verdict = 'filtered' AS taken FROM rejected WHERE starts_with(message_id, 'im-')
)
ORDER BY try_cast(regexp_extract(message_id, '[0-9]+$') AS BIGINT)
