-- take_duplicates: the rows of `erasing_rows` leave duplicates.
DELETE FROM duplicates
WHERE load_seq IN (SELECT load_seq FROM erasing_rows)
