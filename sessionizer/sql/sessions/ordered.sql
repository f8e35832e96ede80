-- ordered: atoms as session rules look at them, in order: a subject's by time, then by message id. Texts are keys here, 0
-- stands for none; so it does for a worth of nothing.
SELECT
    atom,
    0::BIGINT AS began,
    subject_key AS subject,
    epoch_us(started_at) AS at,
    epoch_us(ended_at) AS until,
    CASE WHEN user_id IS NULL THEN 0 ELSE (hash(user_id) >> 1)::BIGINT END AS user,
    (hash(first_message_id) >> 1)::BIGINT AS message,
    events,
    pages,
    engaged,
    conversions,
    coalesce(worth, 0) AS worth,
    CASE WHEN currency IS NULL THEN 0 ELSE (hash(currency) >> 1)::BIGINT END AS currency,
    worth IS NOT NULL AS valued,
    entry_page IS NOT NULL AS paged,
    coalesce(campaign_source, campaign_medium, campaign_name) IS NOT NULL AS campaigned,
    referrer IS NOT NULL AS referred,
    channel IS NOT NULL AS landed,
    coalesce(device_type, os_name, browser) IS NOT NULL AS equipped,
    country IS NOT NULL AS placed
    {looked_at}
FROM atoms
ORDER BY subject_key, started_at, first_message_id, user_id NULLS LAST, tie
