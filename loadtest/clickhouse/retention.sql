-- retention: in which weeks after that of their first event everybody came back
SELECT sum(units), cohort, week - cohort AS passed
FROM (
    SELECT cohort, arrayJoin(weeks) AS week, count() AS units
    FROM (
        SELECT
            owner,
            min(moment) AS first,
            intDiv(first - {monday}, 604800000000) AS cohort,
            groupUniqArray(intDiv(moment - {monday}, 604800000000)) AS weeks
        FROM ({owned}
        )
        GROUP BY owner
        HAVING first >= {since}
    )
    GROUP BY cohort, week
)
GROUP BY cohort, passed
HAVING passed BETWEEN 0 AND 4
ORDER BY passed, cohort
