-- steps_between: the first and the last events of each walk, numbered; those in the middle of a long one are one
ends AS (
    SELECT *, {front} AS front, {back} AS back, coalesce(lead(opens) OVER one, TRUE) AS last
    FROM walks
    WINDOW one AS (PARTITION BY {lanes} ORDER BY place)
),
kept AS (
    SELECT
        *,
        CASE WHEN back <= {tail} AND coalesce(front + back > {depth} + 1, TRUE) THEN {depth} + 2 - back ELSE front END AS step,
        converts AND front = {head} + 1 AND coalesce(back > {tail}, TRUE) AS middle,
        NOT converts AND front = {depth} AND NOT last AS cut
    FROM ends
    WHERE CASE WHEN converts THEN coalesce(front <= {head} + 1, FALSE) OR coalesce(back <= {tail}, FALSE) ELSE front <= {depth} END
),
steps AS (
    SELECT
        owner,
        step,
        CASE WHEN middle THEN 0 ELSE item END AS item,
        CASE WHEN last OR cut THEN NULL WHEN lead(middle) OVER one THEN 0 ELSE lead(item) OVER one END AS follows,
        CASE WHEN NOT (last OR cut) THEN lead(moment) OVER one - moment END AS pause,
        last AND NOT reached AS ended,
        reached,
        cut,
        reached OR opens AS fixed
    FROM kept
    WINDOW one AS (PARTITION BY {lanes} ORDER BY place)
)
