-- line: places of all events in a row; what else came in a moment of a step does not come between
SELECT *, sum(counts::BIGINT) OVER (PARTITION BY {keys} ORDER BY {place} ROWS UNBOUNDED PRECEDING) AS position
FROM (
    SELECT *, coalesce({always} OR moment <> lag(moment) OVER (PARTITION BY {keys} ORDER BY {place}), TRUE) AS counts
    FROM placed
)
WHERE counts
