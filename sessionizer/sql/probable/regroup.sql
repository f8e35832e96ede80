-- regroup: the profiles that were found, in place of those that were there.
INSERT INTO lake.main.probable_customers
SELECT c.project, c.customer_id, h.customer_id, f.confidence, f.weakest
FROM profiles_found AS f
JOIN probable_holders AS c ON c.number = f.customer
JOIN probable_holders AS h ON h.number = f.head
ORDER BY h.customer_id, c.customer_id
