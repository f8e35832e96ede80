-- probable_devices: the devices and networks that each of them used most in the last {days} days, as far as they tell.
CREATE OR REPLACE TEMP TABLE probable_devices AS
WITH recent AS (
    SELECT
        m.id,
        CASE WHEN e.os_name IS NOT NULL OR e.screen_width IS NOT NULL
            THEN concat_ws(
                '|', e.os_name, e.browser, e.device_model, e.screen_width, e.screen_height, e.timezone, e.locale
            )
        END AS fingerprint,
        CASE
            WHEN regexp_matches(e.ip, '^\d+\.\d+\.') THEN regexp_extract(e.ip, '^\d+\.\d+\.\d+')
            WHEN contains(e.ip, ':') THEN regexp_extract(e.ip, '^[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F]*')
            ELSE nullif(e.ip, '')
        END AS network,
        count(*) AS events
    FROM lake.main.events AS e
    JOIN lake.main.identities AS i ON i.identity_key = e.subject_key AND i.project = e.project
    JOIN probable_members AS m USING (customer_id)
    WHERE e.project = $project AND e.is_bot IS NOT TRUE AND e.load_seq <= {until} AND e.event_day >= (
        SELECT coalesce(max(complete_until), TIMESTAMPTZ '1970-01-01')::DATE - {days} FROM lake.main.cursors
        WHERE name = 'stitch'
    )
    GROUP BY ALL
),
kinds AS (SELECT id, fingerprint, sum(events) AS events FROM recent WHERE fingerprint IS NOT NULL GROUP BY ALL),
places AS (SELECT id, network, sum(events) AS events FROM recent WHERE network IS NOT NULL GROUP BY ALL),
most_kinds AS (SELECT id, list(fingerprint ORDER BY events DESC, fingerprint)[:3] AS fingerprints FROM kinds GROUP BY id),
most_places AS (SELECT id, list(network ORDER BY events DESC, network)[:3] AS networks FROM places GROUP BY id)
SELECT id, fingerprints, networks FROM most_kinds FULL JOIN most_places USING (id)
