-- hits: who came back in a column, and often enough
SELECT owner, cohort, place, whole, {column} AS column_no, sum(amount) AS amount, sum(valued) AS valued
    FROM pairs
    GROUP BY owner, cohort, place, whole, column_no
    HAVING sum(times) >= {minimum}
