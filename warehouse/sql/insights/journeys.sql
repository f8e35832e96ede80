-- journeys: the visits that led to each conversion, the oldest first; then those that led to none
WITH happened AS (
{happened}
),
conversions AS (
    SELECT
        owner, moment, number,
        row_number() OVER (ORDER BY owner, moment, tie) AS journey,
        row_number() OVER (PARTITION BY owner ORDER BY moment, tie) AS nth,
        row_number() OVER (PARTITION BY owner, moment BETWEEN {since} AND {until} - 1 ORDER BY moment, tie) AS place,
        coalesce(lag(moment) OVER (PARTITION BY owner ORDER BY moment, tie), -1) AS former,
        sum(number) OVER (PARTITION BY owner) AS lifetime
    FROM happened
),
visits AS (
{visits}
),
journeys AS (
    SELECT
        c.journey, c.nth, c.place, c.moment, c.number, c.lifetime,
        v.touch, v.direct, c.moment - v.moment AS age, v.tie, NULL AS visits, NULL AS units
    FROM conversions AS c
    LEFT JOIN visits AS v
        ON v.owner = c.owner
        AND v.moment BETWEEN c.moment - {lookback} AND c.moment
        AND {after}
    WHERE c.moment >= {since} AND c.moment < {until}
    {more}
)
SELECT journey, nth, place, moment, number, lifetime, touch, direct, age, visits, units
FROM journeys
ORDER BY journey, age DESC, tie
