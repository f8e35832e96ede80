-- during: what one subject did in some days. Constants, so that only the files of these days are opened, and of these
-- only the parts that may hold the subject.
SELECT load_seq, subject_key, "timestamp", message_id, type, {columns}
FROM events
WHERE event_day IN ({days})
    AND subject_key = {subject}
    AND "timestamp" BETWEEN make_timestamptz({opens}) AND make_timestamptz({closes})
