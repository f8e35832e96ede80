-- visits: rows of sessions, from the atoms that open and close a visit and those that name what it has.
CREATE OR REPLACE TEMP TABLE visits AS
SELECT
    coalesce(
        opening.session_id,
        's_' || md5(concat_ws(
            chr(31), opening.subject_key, epoch_us(opening.started_at), opening.first_message_id, opening.user_id
        ))
    ) AS session_id,
    opening.project,
    opening.subject_key,
    CASE
        WHEN named.user_id IS NULL THEN opening.subject_key
        ELSE identity_key(opening.project, 'user_id', named.user_id)
    END AS identity_key,
    opening.device_id,
    named.user_id,
    opening.started_at,
    closing.ended_at,
    opening.first_message_id,
    closing.last_message_id,
    found.events,
    found.pages,
    entered.entry_page,
    gone.exit_page,
    campaigned.campaign_source,
    campaigned.campaign_medium,
    campaigned.campaign_name,
    referred.referrer,
    make_timestamp(epoch_us(opening.started_at))::DATE AS session_day,
    (epoch_us(closing.ended_at) - epoch_us(opening.started_at)) / 1000000 AS seconds,
    found.engaged / 1000000 AS engaged_seconds,
    found.pages <= 1 AND found.engaged < 10000000 AND found.conversions = 0 AS bounced,
    found.conversions,
    found.worth / 10000 AS order_value,
    paid.currency,
    landed.channel,
    equipped.device_type,
    equipped.os_name,
    equipped.browser,
    placed.country,
    placed.region,
    placed.city
FROM found
JOIN atoms AS opening ON opening.atom = found.opening
JOIN atoms AS closing ON closing.atom = found.closing
LEFT JOIN atoms AS named ON named.atom = found.named
LEFT JOIN atoms AS entered ON entered.atom = found.entered
LEFT JOIN atoms AS gone ON gone.atom = found.gone
LEFT JOIN atoms AS campaigned ON campaigned.atom = found.campaigned
LEFT JOIN atoms AS referred ON referred.atom = found.referred
LEFT JOIN atoms AS landed ON landed.atom = found.landed
LEFT JOIN atoms AS equipped ON equipped.atom = found.equipped
LEFT JOIN atoms AS placed ON placed.atom = found.placed
LEFT JOIN atoms AS paid ON paid.atom = found.paid
