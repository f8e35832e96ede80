-- named: events that name one id of a person's, or some. A single value is looked up in the files' filters, which leave out
-- most of them; what a device did lies together, by its key.
SELECT load_seq, message_id, event_day, subject_key, false AS is_shared
FROM events
WHERE project = $project AND {test}
