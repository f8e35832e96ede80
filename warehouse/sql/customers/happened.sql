-- happened: events of some visits on one side of a place in time, the nearest to it first. Where two visits meet in one
-- moment, the message ids tell them apart.
WITH visits AS ({visits}),

during AS (
    {during}
)

SELECT
    visit, epoch_us("timestamp") AS at, load_seq, message_id, type, event, verdict, user_id, anonymous_id,
    page_title, page_path, properties, traits, context
FROM during JOIN visits USING (subject_key)
WHERE row(epoch_us("timestamp"), message_id) BETWEEN row(opens, opening) AND row(closes, closing)
    AND row(epoch_us("timestamp"), message_id, load_seq) {behind} row($at::BIGINT, $message_id::VARCHAR, $load_seq::BIGINT)
    AND epoch_us("timestamp") {before}
    AND (len($types::VARCHAR[]) = 0 OR list_contains($types::VARCHAR[], type))
    AND (len($names::VARCHAR[]) = 0 OR list_contains($names::VARCHAR[], event))
ORDER BY "timestamp" {order}, message_id {order}, load_seq {order}
LIMIT {limit}
