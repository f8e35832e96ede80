-- their_cells: cells of the roll-up that tell of people in `person_keys`.
CREATE OR REPLACE TEMP TABLE rollup_cells AS
SELECT DISTINCT coalesce(subject_key, visitor_key) AS subject_key, day
FROM daily
WHERE subject_key IN (SELECT key FROM person_keys) OR visitor_key IN (SELECT key FROM person_keys)
