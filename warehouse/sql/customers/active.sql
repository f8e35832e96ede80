-- active: in how many sessions each hour of the day and each day of the week saw the customer, in a time zone. Of a session
-- that never ends two days count.
WITH moments AS (
    SELECT
        session_id,
        unnest(generate_series(
            date_trunc('hour', timezone($zone, started_at)),
            timezone($zone, least(ended_at, started_at + INTERVAL 2 DAYS)),
            INTERVAL 1 HOUR
        )) AS moment
    FROM own
)

SELECT hour(moment) AS hour, isodow(moment) AS weekday, count(DISTINCT session_id) AS sessions
FROM moments
GROUP BY GROUPING SETS ((hour), (weekday))
