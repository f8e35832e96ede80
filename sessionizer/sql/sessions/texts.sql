-- texts: of some events what stands in the rows of sessions.
SELECT
    load_seq AS atom, project, subject_key, anonymous_id AS device_id, user_id, happened_at AS started_at,
    happened_at AS ended_at, message_id AS first_message_id, message_id AS last_message_id,
    page AS entry_page, page AS exit_page, campaign_source, campaign_medium, campaign_name, referrer, currency,
    channel, device_type, os_name, browser, country, region, city, NULL::VARCHAR AS session_id
FROM whole AS e
WHERE {among} AND load_seq IN (SELECT atom FROM named_atoms)
