-- atoms: what sessions are cut from. An atom is an event, or a session that is only appended to (its number is negative).
CREATE OR REPLACE TEMP TABLE atoms AS
SELECT
    -1 - handle AS atom, project, subject_key, device_id, user_id, started_at, ended_at,
    first_message_id, last_message_id, events, pages, entry_page, exit_page,
    campaign_source, campaign_medium, campaign_name, referrer,
    round(engaged_seconds * 1000000)::BIGINT AS engaged, conversions, round(order_value * 10000)::BIGINT AS worth, currency,
    channel, device_type, os_name, browser, country, region, city,
    session_id, NULL::UBIGINT AS tie,
    0::BIGINT AS campaign_key, 0::BIGINT AS referrer_key, 0::BIGINT AS visit_key,
    {day} AS day, false AS mobile, false AS ends
FROM before
WHERE handle IN (SELECT last_handle FROM clusters WHERE appended)
