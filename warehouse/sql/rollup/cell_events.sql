-- cell_events: what is counted of the events of a part, read once: for counting them are looked at twice.
SELECT load_seq, event_day, timestamp, project, type, event, subject_key, message_id, is_bot
FROM lake.main.events AS e
WHERE {among}
