-- visits: sessions of some ids behind a moment, those first that the page comes to first: near is the end of theirs that lies
-- next to the moment, or the moment itself. All that lie over it are given, and so many others. Idle is the time before each in
-- which no session was open on any device, µs.
WITH own AS (
    SELECT
        session_id, subject_key, device_id, user_id, epoch_us(started_at) AS opens, epoch_us(ended_at) AS closes,
        first_message_id, last_message_id, events, channel,
        opens - max(epoch_us(ended_at)) OVER (
            ORDER BY started_at, session_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS idle
    FROM (
        {sessions}
    )
)

SELECT *, {near} AS near
FROM own
WHERE {behind}
QUALIFY count(*) FILTER (near <> {at}) OVER (
    ORDER BY near {order}, session_id ROWS UNBOUNDED PRECEDING
) <= {others}
ORDER BY near {order}, session_id
