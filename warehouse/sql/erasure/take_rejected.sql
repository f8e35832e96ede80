-- take_rejected: the rows of `erasing_rows` leave rejected.
DELETE FROM rejected
WHERE load_seq IN (SELECT load_seq FROM erasing_rows)
