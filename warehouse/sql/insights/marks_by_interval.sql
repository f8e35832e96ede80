-- marks_by_interval: when each unit first started something in an interval, and how often it came after
SELECT owner, number, min(start) AS start, count(*) FILTER (returns) AS times, 0 AS amount, 0 AS valued
    FROM happened
    GROUP BY owner, number
