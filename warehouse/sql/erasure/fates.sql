-- fates: in which table the rows of `erasing_rows` are; the number of the fate, as warehouse.landed has it.
SELECT load_seq, 0::TINYINT AS fate, false AS same_body FROM events SEMI JOIN erasing_rows USING (load_seq)
UNION ALL
SELECT load_seq, 1, same_body FROM duplicates SEMI JOIN erasing_rows USING (load_seq)
UNION ALL
SELECT load_seq, list_position(['rejected', 'filtered', 'damaged'], verdict) + 1, false
FROM rejected SEMI JOIN erasing_rows USING (load_seq)
ORDER BY load_seq
