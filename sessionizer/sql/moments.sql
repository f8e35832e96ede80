-- moments: what the rules read of an event. Junk, such as empty text, counts as absent; apart says why it makes no
-- session; tie makes the order of a stream total. Worth is in ten-thousandths, so that sums are the same in any order.
CREATE OR REPLACE TEMP VIEW moments AS
WITH said AS (
    SELECT
        e.load_seq,
        e.project,
        e.subject_key,
        e.event_day,
        e."timestamp" AS happened_at,
        e.message_id,
        e.type,
        e.event,
        {user_id} AS user_id,
        {anonymous_id} AS anonymous_id,
        {previous_id} AS previous_id,
        {group_id} AS group_id,
        e.user_id AS said_user_id,
        e.anonymous_id AS said_anonymous_id,
        e.previous_id AS said_previous_id,
        e.group_id AS said_group_id,
        make_timestamp(epoch_us(coalesce(e.received_at, e."timestamp")))::DATE AS received_day,
        CASE WHEN e.type IN ('identify', 'group') THEN json_extract_string(e.traits, [{trait_paths}]) END AS trait_ids,
        CASE
            WHEN contains(e.context::VARCHAR, '"traits"') OR contains(e.context::VARCHAR, '"device"')
                OR contains(e.context::VARCHAR, '"externalIds"')
                THEN json_extract_string(e.context, [{context_paths}])
        END AS context_ids,
        coalesce(
            nullif(e.page_path, ''), nullif(e.page_url, ''),
            CASE WHEN e.type IN ('page', 'screen') THEN nullif(e.event, '') END
        ) AS page,
        nullif(e.campaign_source, '') AS campaign_source,
        nullif(e.campaign_medium, '') AS campaign_medium,
        nullif(e.campaign_name, '') AS campaign_name,
        nullif(e.page_referrer, '') AS referrer,
        nullif(e.click_id, '') AS click_id,
        CASE WHEN e.referrer_class <> 'internal' THEN e.referrer_host END AS from_site,
        coalesce(e.app_name IS NOT NULL AND e.page_url IS NULL AND e.device_type IN ('mobile', 'tablet'), false) AS mobile,
        e.channel,
        e.device_type,
        e.os_name,
        e.browser,
        e.country,
        e.region,
        e.city,
        s.event IS NOT NULL AS converts,
        CASE
            WHEN s.value IS NOT NULL
                THEN (10000 * TRY_CAST(json_extract_string(e.properties, s.value) AS DECIMAL(18, 4)))::BIGINT
        END AS worth,
        CASE WHEN s.currency IS NOT NULL THEN nullif(json_extract_string(e.properties, s.currency), '') END AS currency,
        CASE WHEN e.type = 'identify' THEN e.traits END AS traits,
        {sdk_session} AS sdk_session,
        {apart} AS apart,
        e.is_bot,
        e.library_name,
        CASE WHEN contains(e.context::VARCHAR, '"traits"') THEN e.context->'$.traits' END AS context_traits,
        coalesce(e.library_name, '') AS library,
        coalesce(e.dialect, '') AS dialect,
        coalesce(e.key_id, '') AS key_id,
        hash(
            e.type, e.page_path, e.page_url, e.event, e.campaign_source, e.campaign_medium, e.campaign_name, e.page_referrer
        ) AS tie
    FROM lake.main.events AS e
    LEFT JOIN successes AS s ON e.project = s.project AND e.event = s.event AND e.type = s.type
    WHERE e.subject_key IS NOT NULL
)
SELECT *, {has_junk} AS has_junk FROM said
