-- visits: atoms cut into sessions. A session breaks at a gap, and at a user other than the session's user so far. Events
-- of one message id and time are copies of one event, so only the first of them names a user.
CREATE OR REPLACE TEMP TABLE visits AS
WITH placed AS (
    SELECT
        * REPLACE (
            CASE
                WHEN row(started_at, first_message_id)
                    IS DISTINCT FROM lag(row(started_at, first_message_id)) OVER stream
                    THEN user_id
            END AS user_id
        ),
        row_number() OVER stream AS place,
        epoch_us(started_at) - lag(epoch_us(ended_at)) OVER stream > {gap} AS apart
    FROM {atoms}
    WINDOW stream AS (PARTITION BY subject_key ORDER BY started_at, first_message_id, user_id NULLS LAST, tie)
),
blocks AS (
    SELECT
        *,
        count(CASE WHEN apart THEN 1 END) OVER (
            PARTITION BY subject_key ORDER BY place ROWS UNBOUNDED PRECEDING
        ) AS block
    FROM placed
),
users AS (
    SELECT
        *,
        user_id <> last_value(user_id IGNORE NULLS) OVER (
            PARTITION BY subject_key, block ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS switched
    FROM blocks
),
numbered AS (
    SELECT
        *,
        count(CASE WHEN switched THEN 1 END) OVER (
            PARTITION BY subject_key, block ORDER BY place ROWS UNBOUNDED PRECEDING
        ) AS turn
    FROM users
),
grouped AS (
    SELECT
        subject_key,
        min(project) AS project,
        min(device_id) AS device_id,
        min(user_id) AS user_id,
        min(started_at) AS started_at,
        max(ended_at) AS ended_at,
        arg_min(
            struct_pack(id := session_id, message := first_message_id, opened_by := user_id), place
        ) AS opening,
        arg_max(last_message_id, place) AS last_message_id,
        sum(events)::BIGINT AS events,
        sum(pages)::BIGINT AS pages,
        arg_min(entry_page, place) AS entry_page,
        arg_max(exit_page, place) AS exit_page,
        arg_min(
            CASE
                WHEN coalesce(campaign_source, campaign_medium, campaign_name) IS NOT NULL
                    THEN struct_pack(source := campaign_source, medium := campaign_medium, name := campaign_name)
            END,
            place
        ) AS campaign,
        arg_min(referrer, place) AS referrer
    FROM numbered
    GROUP BY subject_key, block, turn
)
SELECT
    coalesce(
        opening.id,
        's_' || md5(concat_ws(chr(31), subject_key, epoch_us(started_at), opening.message, opening.opened_by))
    ) AS session_id,
    project,
    subject_key,
    CASE WHEN user_id IS NULL THEN subject_key ELSE identity_key(project, 'user_id', user_id) END AS identity_key,
    device_id,
    user_id,
    started_at,
    ended_at,
    opening.message AS first_message_id,
    last_message_id,
    events,
    pages,
    entry_page,
    exit_page,
    campaign.source AS campaign_source,
    campaign.medium AS campaign_medium,
    campaign.name AS campaign_name,
    referrer,
    make_timestamp(epoch_us(started_at))::DATE AS session_day
FROM grouped
