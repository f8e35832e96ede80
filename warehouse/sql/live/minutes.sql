-- minutes: how many events were received in each minute, and how many of them were not as they should be
SELECT
    epoch_us(time_bucket(INTERVAL 1 MINUTE, received_at)),
    count(*) FILTER (verdict = 'ok'),
    count(*) FILTER (verdict = 'warning'),
    count(*) FILTER (verdict NOT IN ('ok', 'warning'))
FROM ({arrived})
WHERE ($event IS NULL OR $event IN (event, type))
    AND ($user IS NULL OR $user IN (user_id, anonymous_id))
    AND ($key IS NULL OR key_id = $key)
    AND ($sdk IS NULL OR contains(lower(concat_ws(' ', library_name, dialect)), $sdk))
    AND (len($verdicts) = 0 OR list_contains($verdicts, verdict))
GROUP BY 1
ORDER BY 1
