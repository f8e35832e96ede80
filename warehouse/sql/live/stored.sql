-- stored: what an event said, as its row has it
SELECT
    message_id, type, event, category, user_id, anonymous_id, group_id, previous_id, timestamp,
    properties::VARCHAR AS properties, traits::VARCHAR AS traits, context::VARCHAR AS context,
    integrations::VARCHAR AS integrations, extra::VARCHAR AS extra
FROM events
WHERE message_id = ? AND load_seq BETWEEN ? AND ?
ORDER BY load_seq
LIMIT 1
