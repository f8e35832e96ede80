-- links_of: how many links between ids that were known already made each of them.
SELECT l.label, count(*) AS links
FROM lake.main.identity_edges AS e
JOIN holdings AS l ON l.identity_key = e.left_key
JOIN holdings AS r ON r.identity_key = e.right_key
WHERE e.state = 'joined' AND l.first_load_seq < e.load_seq AND r.first_load_seq < e.load_seq
GROUP BY l.label
