-- known: the customers that an id is, in every project and of every kind or of those that are named.
-- Parameters: value; project twice, kind twice, null for all.
SELECT DISTINCT customer_id, project
FROM identities
WHERE value = ? AND (?::VARCHAR IS NULL OR project = ?) AND (?::VARCHAR IS NULL OR kind = ?)
ORDER BY ALL
