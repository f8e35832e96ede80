-- events: those of the last days, with the customer of their device.
SELECT
    e.load_seq,
    e.project,
    i.customer_id,
    e.message_id,
    e.type,
    e.event,
    e.category,
    {anonymous_id},
    {user_id},
    e.timestamp,
    e.event_day,
    e.received_at,
    {page_url},
    e.page_path,
    {page_title},
    e.channel,
    e.campaign_source,
    e.campaign_medium,
    e.campaign_name,
    e.device_type,
    e.os_name,
    e.browser,
    e.is_bot,
    e.country,
    e.region,
    e.city,
    {properties}
FROM lake.events AS e {at}
LEFT JOIN lake.identities AS i {at} ON e.subject_key = i.identity_key
WHERE e.event_day >= DATE '{since}'
