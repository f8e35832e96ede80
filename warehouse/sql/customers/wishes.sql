-- wishes: the newest that events say of the time zone, the browser's signals and consent.
SELECT
    arg_max(timezone, happened_at) AS timezone,
    arg_max(coalesce(signals, ''), happened_at) AS signals,
    arg_max(consent, happened_at)::VARCHAR AS consent,
    max(happened_at) FILTER (consent IS NOT NULL) AS consented_at,
    count(*) AS events
FROM said
