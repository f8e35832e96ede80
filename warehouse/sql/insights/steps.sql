-- steps: the first events of each walk, numbered, each with the one that follows
steps AS (
    SELECT
        owner,
        step,
        item,
        CASE WHEN NOT last AND step < {depth} THEN follows END AS follows,
        CASE WHEN NOT last AND step < {depth} THEN abs(next_moment - moment) END AS pause,
        last AND NOT reached AS ended,
        reached,
        NOT last AND step = {depth} AS cut,
        reached OR (opens AND {anchored}) AS fixed
    FROM (
        SELECT
            owner,
            moment,
            item,
            opens,
            reached,
            {front} AS step,
            lead(item) OVER one AS follows,
            lead(moment) OVER one AS next_moment,
            coalesce(lead(opens) OVER one, TRUE) AS last
        FROM walks
        WINDOW one AS (PARTITION BY {lanes} ORDER BY {order})
    )
    WHERE step IS NOT NULL
)
