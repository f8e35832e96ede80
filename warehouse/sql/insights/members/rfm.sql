-- rfm: those with these scores, where 0 stands for any, and of one segment
SELECT owner
    FROM scored
    WHERE {r} IN (0, r) AND {f} IN (0, f) AND {m} IN (0, m) AND {within} AND ({same})
