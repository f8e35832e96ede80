-- days: how many events each day has. All of them are counted, which takes a third of what it takes to look which of them
-- are in `whole`: of these there are as many at most.
SELECT epoch_us(event_day::TIMESTAMP) AS opens, events
FROM (SELECT event_day, count(*) AS events FROM lake.main.events GROUP BY event_day)
ORDER BY opens
