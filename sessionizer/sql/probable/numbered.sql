-- numbered: the edges that are sure enough, between two customers, by number.
SELECT handle, l.number AS "left", r.number AS "right", confidence
FROM probable_now
JOIN probable_holders AS l ON l.customer_id = left_customer
JOIN probable_holders AS r ON r.customer_id = right_customer
WHERE l.number <> r.number AND confidence >= $threshold
