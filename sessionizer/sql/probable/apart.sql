-- apart: the customers, by number, of pairs of ids that people blocked, where they are two.
SELECT DISTINCT l.number AS "left", r.number AS "right"
FROM blocked_pairs AS b
JOIN lake.main.identities AS a ON a.identity_key = b.left_key
JOIN lake.main.identities AS z ON z.identity_key = b.right_key
JOIN probable_holders AS l ON l.customer_id = a.customer_id
JOIN probable_holders AS r ON r.customer_id = z.customer_id
WHERE l.number <> r.number
ORDER BY ALL
