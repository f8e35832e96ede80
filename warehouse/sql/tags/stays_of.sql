-- stays_of: every stay of one customer in any tag
SELECT tag, version, epoch_us(entered_at), epoch_us(left_at), evidence::VARCHAR, epoch_us(evaluated_at)
FROM tag_members
WHERE customer_id = ?
ORDER BY tag, entered_at
