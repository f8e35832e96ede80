-- lifecycle: those who are of one stage in one interval
SELECT owner
    FROM told
    WHERE {stage}
