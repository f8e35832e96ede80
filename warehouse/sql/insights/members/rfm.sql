-- rfm: those with these scores; 0 stands for any
SELECT owner
    FROM scored
    WHERE {r} IN (0, r) AND {f} IN (0, f) AND {m} IN (0, m) AND ({same})
