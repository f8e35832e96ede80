-- probable: how likely the two customers are one person, by the weaker of their ways to the oldest one.
SELECT least(a.confidence, b.confidence)
FROM probable_customers AS a
JOIN probable_customers AS b USING (project, probable_customer_id)
WHERE project = $project AND a.customer_id = $a AND b.customer_id = $b
