-- event_atoms: events as atoms; the source gives rows of moments. Keys are what the rules look at, null where they do not.
SELECT
    load_seq AS atom, project, subject_key, anonymous_id AS device_id, user_id,
    happened_at AS started_at, happened_at AS ended_at,
    message_id AS first_message_id, message_id AS last_message_id,
    1::BIGINT AS events, (type IN ('page', 'screen'))::BIGINT AS pages, page AS entry_page, page AS exit_page,
    campaign_source, campaign_medium, campaign_name, referrer,
    0::BIGINT AS engaged, converts::BIGINT AS conversions, worth, currency,
    channel, device_type, os_name, browser, country, region, city,
    NULL::VARCHAR AS session_id, tie,
    {campaign} AS campaign_key, {referrer} AS referrer_key, {visit} AS visit_key,
    {day} AS day, {mobile} AS mobile, {ends} AS ends
FROM {source}
WHERE apart IS NULL
