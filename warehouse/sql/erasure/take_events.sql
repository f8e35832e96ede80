-- take_events: the rows of `erasing_rows` leave events.
DELETE FROM events
WHERE load_seq IN (SELECT load_seq FROM erasing_rows)
