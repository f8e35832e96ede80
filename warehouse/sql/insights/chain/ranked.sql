-- ranked: the values of a breakdown that are shown, those of most owners first
SELECT {names}, row_number() OVER (ORDER BY count(DISTINCT owner) DESC, {names}) AS place
FROM shown
GROUP BY {names}
QUALIFY place <= {top}
