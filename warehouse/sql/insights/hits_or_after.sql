-- hits_or_after: a unit counts in each column up to the last in which it came back
SELECT owner, cohort, place, whole, unnest(range(1, last + 1)) AS column_no, 0 AS amount, 0 AS valued
    FROM (
        SELECT owner, cohort, place, whole, max(column_no) AS last
        FROM ({hits})
        GROUP BY owner, cohort, place, whole
    )
