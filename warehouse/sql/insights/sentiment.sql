-- sentiment: what was written, by interval and breakdown, each text with its message id and the key it came by
WITH happened AS (
{happened}
)
SELECT
    greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins,
    moment,
    owner,
    message_id,
    key_id,
    words{by}
FROM happened
ORDER BY moment, message_id
LIMIT {most}
