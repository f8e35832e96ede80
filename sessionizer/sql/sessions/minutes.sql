-- minutes: how many events of `whole` each minute of a day has.
SELECT epoch_us(date_trunc('minute', make_timestamp(epoch_us(happened_at)))) AS opens, count(*) AS events
FROM whole
WHERE event_day = DATE '{day}'
GROUP BY opens
ORDER BY opens
