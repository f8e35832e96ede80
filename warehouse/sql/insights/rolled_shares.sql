-- rolled_shares: how many owners there were: in any series, in each, and in each interval; where one was is one bit each
-- To take a row's bits out of a list costs half of finding its hour in a table.
lists AS MATERIALIZED (
    SELECT list(inside ORDER BY hour) AS inside{lists}
    FROM (SELECT hour, inside{words} FROM hours)
),
people AS (
    SELECT {owner} AS owner, {bits}
    FROM (
        SELECT e.*, lists.inside[e.hour - {first_hour} + 1] AS inside{listed}
        FROM daily AS e
        CROSS JOIN lists
        WHERE e.hour >= {first_hour} AND e.hour < {end_hour}
    ) AS e
    {customers}
    WHERE {having}
    GROUP BY owner
),
shares AS MATERIALIZED (
    SELECT count(*) FILTER ({any}) AS n{all_units}{units}
    FROM people
)
