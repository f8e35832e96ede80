-- retention: those of one cohort who entered, or came back in one column
SELECT owner
    FROM {of}
    LEFT JOIN ranked USING (place)
    WHERE cohort = {cohort} AND {column} AND {same}
