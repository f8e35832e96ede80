-- asked_edges: what is decided on of each pair, by numbers.
SELECT
    edge, left_label, right_label, left_key, right_key, load_seq, left_code, right_code, coalesce(epoch_us(day::TIMESTAMP) // 86400000000, 0) AS day,
    is_link, evidence = 'alias' AS is_alias, evidence = 'decision' AS is_decision
FROM candidates
WHERE NOT is_member AND NOT is_blocked
ORDER BY edge
