-- rolled: rows of the roll-up instead of events: whose they are, when the hour and the interval began, how many there were
SELECT
    {owner} AS owner,
    e.hour * 3600000000 AS moment,
    e.events,
    h.local,
    {columns}
FROM daily AS e
JOIN (
    SELECT hour, {local} AS local
    FROM (SELECT unnest(range({since}, {until})) AS hour)
) AS h ON h.hour = e.hour
{joins}WHERE {having}
