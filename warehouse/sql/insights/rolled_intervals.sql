-- rolled_intervals: the intervals of a trend by number, and in which of them each hour lies
WITH intervals AS MATERIALIZED (
    SELECT
        local,
        row_number() OVER (ORDER BY local) - 1 AS number,
        greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins,
        least(epoch_us((local + {every}) AT TIME ZONE {zone}), {until}) AS ends
    FROM (SELECT unnest(generate_series({begin} - {before} * {every}, {end}, {every})) AS local)
),
hours AS MATERIALIZED (
    SELECT hour, number, hour >= {since} // 3600000000 AS inside
    FROM (
        SELECT hour, {local} AS local
        FROM (SELECT unnest(range({first_hour}, {end_hour})) AS hour)
    )
    LEFT JOIN intervals USING (local)
)
