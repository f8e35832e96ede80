-- restate: their rows as they are now; an edge is gone where one of its ids is.
INSERT INTO lake.main.probable_edges BY NAME
SELECT * EXCLUDE (handle, old_left, old_right, old_state, old_rule)
FROM probable_outdated
WHERE left_customer IS NOT NULL AND right_customer IS NOT NULL
ORDER BY left_key, right_key
