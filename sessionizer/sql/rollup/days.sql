-- days: the days (UTC) on which the visits of `moved` lie.
SELECT DISTINCT
    subject_key,
    unnest(range(
        date_trunc('day', make_timestamp(epoch_us(started_at))),
        make_timestamp(epoch_us(ended_at) + 1),
        INTERVAL 1 DAY
    ))::DATE AS day
FROM moved
