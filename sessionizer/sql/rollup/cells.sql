-- rollup_cells: devices and days of which events that were counted before may be somebody else's now: a visit of another
-- customer lies where theirs was.
CREATE OR REPLACE TEMP TABLE rollup_cells AS
WITH moved AS (
    SELECT g.subject_key, g.started_at, g.ended_at
    FROM gone AS g
    JOIN born AS b
        ON b.subject_key = g.subject_key
        AND b.identity_key <> g.identity_key
        AND b.started_at <= g.ended_at
        AND b.ended_at >= g.started_at
    LEFT JOIN visit_owners AS before ON before.identity_key = g.identity_key
    LEFT JOIN visit_owners AS since ON since.identity_key = b.identity_key
    WHERE before.customer_id IS DISTINCT FROM since.customer_id
    {also}
)
{days}
