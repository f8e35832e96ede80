-- aged: all ages.
SELECT label, coalesce(ages.first_load_seq, older.first_load_seq) AS first_load_seq
FROM ages LEFT JOIN older USING (label)
ORDER BY label
