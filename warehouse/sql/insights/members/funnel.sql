-- funnel: those who came so far, or no further
SELECT owner
    FROM named
    WHERE {same}
    GROUP BY owner
    HAVING max(level) {far}
