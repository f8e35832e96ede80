-- newest: the newest sessions of a customer.
SELECT
    session_id, subject_key, device_id, user_id, epoch_us(started_at) AS opens, epoch_us(ended_at) AS closes,
    first_message_id, last_message_id, events, channel, NULL AS idle, epoch_us(ended_at) AS near
FROM own
ORDER BY ended_at DESC, session_id
LIMIT {limit}
