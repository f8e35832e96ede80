-- closure_events: the events that may name these ids: of their devices and users, and those whose device is no id.
CREATE OR REPLACE TEMP TABLE closure_events AS
SELECT *
FROM moments
WHERE load_seq <= {until}
    AND (
        subject_key IN (SELECT identity_key FROM closure)
        OR (anonymous_id IS NULL AND has_junk)
    )
