-- funnel_entered: of those who entered in one interval, the ones who came so far, or no further
SELECT owner
    FROM named
    JOIN intervals USING (local)
    WHERE begins // 1000000 = $moment AND {same}
    GROUP BY owner
    HAVING max(level) {far}
