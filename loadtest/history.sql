-- history: rows of one landing object out of a large made-up past. Eight events make a visit of about four minutes.
-- Parameters: first and last+1 number, start in us, us between two events, seed, devices, segment id, project, key id and number.
WITH numbered AS (
    SELECT n, ((n // 4096) * 512 + n % 512) AS visit, (n // 512) % 8 AS step
    FROM range($first, $after) AS numbers (n)
),

placed AS (
    SELECT
        n,
        step,
        (hash(visit) % $devices)::BIGINT AS person,
        $start + n * $step_us AS received_us
    FROM numbered
),

named AS (
    SELECT
        *,
        md5($seed || '/' || person || '/0') AS device,
        CASE step WHEN 0 THEN 'page' WHEN 2 THEN 'identify' WHEN 5 THEN 'page' ELSE 'track' END AS kind,
        format('/p/{}', n % 97) AS path
    FROM placed
)

SELECT
    $project AS project,
    $key_id AS key_id,
    $key_no AS key_no,
    'segment' AS dialect,
    $segment_id AS segment_id,
    ((n - $first) // 20) AS record,
    ((n - $first) % 20) AS index,
    'ok' AS verdict,
    format('ajs-next-{}-{:032x}', received_us // 1000, n) AS message_id,
    CASE WHEN kind = 'identify' AND person % 2 = 1 THEN 'track' ELSE kind END AS type,
    CASE WHEN kind = 'track' OR (kind = 'identify' AND person % 2 = 1) THEN 'Product Viewed' END AS event,
    CASE WHEN person % 2 = 0 AND step >= 2 THEN format('u-{}', 100000 + person) END AS user_id,
    format('{}-{}-{}-{}-{}', device[1:8], device[9:12], device[13:16], device[17:20], device[21:]) AS anonymous_id,
    make_timestamptz(received_us - 900000) AS timestamp,
    make_timestamptz(received_us - 900000) AS original_timestamp,
    make_timestamptz(received_us - 100000) AS sent_at,
    make_timestamptz(received_us) AS received_at,
    format('203.0.113.{}', (person % 4) * 64) AS ip,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36' AS user_agent,
    'zh-CN' AS locale,
    'Asia/Shanghai' AS timezone,
    'https://shop.linhe.example' || path AS page_url,
    path AS page_path,
    '林荷商店' AS page_title,
    'https://www.baidu.com/' AS page_referrer,
    'analytics.js' AS library_name,
    'next-1.84.3' AS library_version,
    'Windows' AS os_name,
    '10' AS os_version,
    'desktop' AS device_type,
    'Chrome' AS browser,
    FALSE AS is_bot,
    1920 AS screen_width,
    1080 AS screen_height,
    format('{{"product_id":"P-{}","price":{},"name":"青花瓷茶杯","category":"茶具"}}', 1000 + n % 997, n % 500) AS properties,
    CASE WHEN kind = 'identify' AND person % 2 = 0 THEN format('{{"email":"customer{}@example.com"}}', person) END AS traits,
    format(
        '{{"library":{{"name":"analytics.js","version":"next-1.84.3"}},"locale":"zh-CN","page":{{"path":"{0}","url":"https://shop.linhe.example{0}"}}}}',
        path
    ) AS context
FROM named
