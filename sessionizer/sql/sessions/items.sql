-- items: known sessions and new events of each subject in order; a cluster is a chain of them without a gap.
CREATE OR REPLACE TEMP TABLE items AS
WITH together AS (
    SELECT subject_key, started_at, ended_at, handle, NULL::BIGINT AS load_seq FROM near
    UNION ALL
    SELECT subject_key, happened_at, happened_at, NULL, load_seq FROM fresh WHERE apart IS NULL
),
spaced AS (
    SELECT *, epoch_us(started_at) - max(epoch_us(ended_at)) OVER before > {gap} AS apart
    FROM together
    WINDOW before AS (
        PARTITION BY subject_key ORDER BY started_at, ended_at, load_seq
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT
    * EXCLUDE (apart),
    count(CASE WHEN apart THEN 1 END) OVER (
        PARTITION BY subject_key ORDER BY started_at, ended_at, load_seq ROWS UNBOUNDED PRECEDING
    ) AS cluster
FROM spaced
