-- numbers: what session rules look at of each event, in no order. Texts are keys here, 0 stands for none; so it does for a
-- worth of nothing.
SELECT
    load_seq AS atom,
    subject_key AS subject,
    epoch_us(happened_at) AS at,
    CASE WHEN user_id IS NULL THEN 0 ELSE (hash(user_id) >> 1)::BIGINT END AS user,
    type IN ('page', 'screen') AS pages,
    converts AS conversions,
    coalesce(worth, 0) AS worth,
    CASE WHEN currency IS NULL THEN 0 ELSE (hash(currency) >> 1)::BIGINT END AS currency,
    worth IS NOT NULL AS valued,
    page IS NOT NULL AS paged,
    coalesce(campaign_source, campaign_medium, campaign_name) IS NOT NULL AS campaigned,
    referrer IS NOT NULL AS referred,
    channel IS NOT NULL AS landed,
    coalesce(device_type, os_name, browser) IS NOT NULL AS equipped,
    country IS NOT NULL AS placed
    {looked_at}
FROM whole AS e
WHERE {among}
