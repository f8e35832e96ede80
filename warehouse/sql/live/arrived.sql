-- arrived: events of every verdict that were received after a moment
SELECT load_seq, received_at, verdict, reason, pointer, message_id, key_id, type, event, user_id, anonymous_id, dialect, library_name
FROM events
WHERE load_seq >= {first} AND received_at >= make_timestamptz($since::BIGINT)
UNION ALL
SELECT load_seq, received_at, verdict, reason, pointer, message_id, key_id, type, event, NULL, NULL, dialect, library_name
FROM rejected
WHERE load_seq >= {first} AND received_at >= make_timestamptz($since::BIGINT)
UNION ALL
SELECT load_seq, received_at, 'duplicate', 'duplicate', NULL, message_id, key_id, NULL, NULL, NULL, NULL, NULL, NULL
FROM duplicates
WHERE load_seq >= {first} AND received_at >= make_timestamptz($since::BIGINT)
