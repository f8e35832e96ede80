-- reread: all events of the clusters that new events fell into, from the days in which these lie and no other.
(
    SELECT m.*
    FROM (
        SELECT * FROM moments
        WHERE event_day BETWEEN DATE '{first_day}' AND DATE '{last_day}'
            AND happened_at BETWEEN make_timestamptz({lo}) AND make_timestamptz({hi})
            AND load_seq <= {until}
            AND {of_whom}
    ) AS m
    ASOF JOIN slow ON m.subject_key = slow.subject_key AND m.happened_at >= slow.opens
    WHERE row(m.happened_at, m.message_id) >= row(slow.opens, slow.opening)
        AND m.happened_at <= slow.closes
        AND (slow.closing IS NULL OR row(m.happened_at, m.message_id) <= row(slow.closes, slow.closing))
)
