-- tied: events of one subject and one moment, in their order, with a key that tells copies of one event.
SELECT load_seq AS atom, (hash(message_id) >> 1)::BIGINT AS message
FROM whole AS e
WHERE {among} AND load_seq IN (SELECT atom FROM at_one_moment)
ORDER BY subject_key, happened_at, message_id, user_id NULLS LAST, tie
