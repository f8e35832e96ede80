-- moments: what the rules read of an event. Empty text counts as absent; tie makes the order of a stream total.
CREATE OR REPLACE TEMP VIEW moments AS
SELECT
    load_seq,
    project,
    subject_key,
    event_day,
    "timestamp" AS happened_at,
    message_id,
    type,
    nullif(user_id, '') AS user_id,
    nullif(anonymous_id, '') AS anonymous_id,
    nullif(previous_id, '') AS previous_id,
    coalesce(
        nullif(page_path, ''), nullif(page_url, ''), CASE WHEN type IN ('page', 'screen') THEN nullif(event, '') END
    ) AS page,
    nullif(campaign_source, '') AS campaign_source,
    nullif(campaign_medium, '') AS campaign_medium,
    nullif(campaign_name, '') AS campaign_name,
    nullif(page_referrer, '') AS referrer,
    CASE WHEN type = 'identify' THEN traits END AS traits,
    CASE WHEN contains(context::VARCHAR, '"traits"') THEN context->'$.traits' END AS context_traits,
    coalesce(library_name, '') AS library,
    coalesce(dialect, '') AS dialect,
    coalesce(key_id, '') AS key_id,
    hash(type, page_path, page_url, event, campaign_source, campaign_medium, campaign_name, page_referrer) AS tie
FROM lake.main.events
WHERE subject_key IS NOT NULL
