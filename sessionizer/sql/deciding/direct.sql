-- direct: whether something links these two ids directly.
SELECT count(*) FROM identity_edges
WHERE state = 'joined' AND ((left_key = $a AND right_key = $b) OR (left_key = $b AND right_key = $a))
