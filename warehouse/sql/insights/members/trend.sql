-- trend: those behind one series in one interval
SELECT DISTINCT owner
    FROM placed
    JOIN intervals USING (local)
    WHERE s{series} AND begins // 1000000 = $moment AND {same}
