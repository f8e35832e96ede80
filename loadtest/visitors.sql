-- visitors: rows of one landing object out of a made-up month. Visits of one to two dozen events, 512 at a time; a few visitors come
-- far oftener than most, and one in a hundred events is of one device. Among them bots, apps, servers that name no device, second
-- users, campaigns, late events, copies and refusals.
-- Parameters: first and last+1 number, start in us, us between two events, seed, devices, segment id, project, key id and number.
WITH numbered AS (
    SELECT
        n,
        (n // 512) % 8 AS step,
        n % 512 AS lane,
        n // 4096 AS block,
        $start + n * $step_us AS received_us,
        hash(n, $seed) % 100000 AS dice
    FROM range($first, $after) AS numbers (n)
),

visited AS (
    SELECT *, hash(lane, block // (1 + lane % 3), $seed) AS chance, hash(lane, block, $seed) % 16 AS change
    FROM numbered
),

met AS (
    SELECT
        *,
        CASE WHEN step < change THEN chance ELSE hash(chance) END AS visit
    FROM visited
),

placed AS (
    SELECT
        *,
        CASE WHEN dice BETWEEN 30000 AND 30999 THEN 0 ELSE ($devices * pow((visit >> 11) / 9007199254740992, 2))::BIGINT END AS person
    FROM met
),

judged AS (
    SELECT
        *,
        hash(person, 1) % 100 < 2 AS is_bot,
        hash(person, 2) % 5 = 0 AS app,
        dice < 3000 AS server,
        dice BETWEEN 3000 AND 3099 AS nobody,
        dice BETWEEN 4000 AND 4499 AS copy,
        received_us - CASE WHEN dice BETWEEN 5000 AND 5499 THEN (dice % 72)::BIGINT * 3600000000 ELSE 900000 END AS happened_us
    FROM placed
),

named AS (
    SELECT
        *,
        md5($seed || '/' || person) AS device,
        CASE
            WHEN server OR dice BETWEEN 10000 AND 12000 THEN 'track'
            WHEN dice BETWEEN 31000 AND 31099 AND person % 2 = 0 THEN 'group'
            WHEN step IN (0, 3, 5) THEN CASE WHEN app THEN 'screen' ELSE 'page' END
            WHEN step = 2 AND person % 2 = 0 THEN 'identify'
            ELSE 'track'
        END AS kind,
        CASE
            WHEN step = 5 AND visit % 50 = 0 THEN format('v-{}', person)
            WHEN server OR (person % 2 = 0 AND step >= 2) THEN format('u-{}', 100000 + person)
        END AS user_id
    FROM judged
)

SELECT
    $project AS project,
    $key_id AS key_id,
    $key_no AS key_no,
    'segment' AS dialect,
    $segment_id AS segment_id,
    ((n - $first) // 20)::INTEGER AS record,
    ((n - $first) % 20)::INTEGER AS index,
    CASE dice WHEN 20000 THEN 'damaged' WHEN 20001 THEN 'filtered' WHEN 20002 THEN 'rejected' WHEN 20003 THEN 'rejected' ELSE 'ok' END AS verdict,
    CASE dice
        WHEN 20000 THEN 'damaged' WHEN 20001 THEN 'suppressed' WHEN 20002 THEN 'wrong_type' WHEN 20003 THEN 'bad_value'
    END AS reason,
    md5($seed || (n - CASE WHEN copy AND n > 5000 THEN 1 + dice % 5000 ELSE 0 END)) AS message_id,
    kind AS type,
    CASE
        WHEN server OR dice BETWEEN 10000 AND 12000 THEN 'Order Completed'
        WHEN kind = 'track' THEN 'Product Viewed'
        WHEN kind = 'screen' THEN format('Screen {}', n % 97)
    END AS event,
    CASE WHEN nobody THEN NULL ELSE user_id END AS user_id,
    CASE WHEN NOT server AND NOT nobody THEN device END AS anonymous_id,
    make_timestamptz(happened_us) AS timestamp,
    make_timestamptz(happened_us) AS original_timestamp,
    make_timestamptz(received_us) AS sent_at,
    make_timestamptz(received_us) AS received_at,
    CASE WHEN NOT app AND NOT server THEN format('/p/{}', hash(n) % 5000) END AS page_path,
    CASE WHEN step = 0 AND visit % 3 = 0 AND NOT app THEN 'https://www.baidu.com/' END AS page_referrer,
    CASE WHEN step = 0 AND visit % 3 = 0 AND NOT app THEN 'www.baidu.com' END AS referrer_host,
    CASE WHEN step = 0 AND visit % 3 = 0 AND NOT app THEN 'search' END AS referrer_class,
    CASE WHEN step IN (0, 4) AND visit % 10 = 0 THEN format('source-{}', hash(visit, step // 4) % 20) END AS campaign_source,
    CASE WHEN step IN (0, 4) AND visit % 10 = 0 THEN 'cpc' END AS campaign_medium,
    CASE WHEN step IN (0, 4) AND visit % 10 = 0 THEN format('campaign-{}', hash(visit, step // 4) % 200) END AS campaign_name,
    CASE WHEN visit % 3 = 0 THEN 'Organic Search' WHEN visit % 10 = 0 THEN 'Paid Search' ELSE 'Direct' END AS channel,
    CASE WHEN server THEN 'analytics-node' WHEN app THEN 'analytics-android' ELSE 'analytics.js' END AS library_name,
    CASE WHEN app THEN '林荷' END AS app_name,
    CASE WHEN NOT server THEN ['Windows', 'macOS', 'Android', 'iOS'][1 + person % 4] END AS os_name,
    CASE WHEN server THEN NULL WHEN app THEN 'mobile' ELSE 'desktop' END AS device_type,
    CASE WHEN NOT app AND NOT server THEN ['Chrome', 'Safari', 'Edge'][1 + person % 3] END AS browser,
    CASE WHEN NOT server THEN ['CN', 'CN', 'CN', 'DE', 'SG'][1 + person % 5] END AS country,
    CASE WHEN NOT server THEN format('City {}', person % 300) END AS city,
    is_bot AND NOT server AS is_bot,
    CASE
        WHEN server OR dice BETWEEN 10000 AND 12000
            THEN format('{{"total":{},"currency":"{}"}}', n % 500, CASE WHEN n % 20 = 0 THEN 'USD' ELSE 'CNY' END)
    END AS properties,
    CASE WHEN kind = 'identify' AND person % 10 = 0 THEN format('{{"plan":"plan {}"}}', person % 7) END AS traits
FROM named
