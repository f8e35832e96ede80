-- touched_cells: cells of the roll-up in which the rows of `erasing_rows` lie now.
INSERT INTO rollup_cells
SELECT coalesce(subject_key, -1), event_day
FROM events SEMI JOIN erasing_rows USING (load_seq)
