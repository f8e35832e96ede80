-- hits_once: where a unit comes back at most once in a column
SELECT owner, cohort, place, whole, passed AS column_no, amount, 0 AS valued
    FROM pairs
