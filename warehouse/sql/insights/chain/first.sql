-- first: of what begins a journey only the very first
SELECT * REPLACE (coalesce(begins AND {place} = min({place}) FILTER (begins) OVER (PARTITION BY {keys}), FALSE) AS begins)
FROM begun
