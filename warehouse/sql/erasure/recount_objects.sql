-- recount_objects: what became of each object's rows, after some moved from one fate to another.
UPDATE objects
SET
    stored = objects.stored + deltas.stored,
    duplicate = objects.duplicate + deltas.duplicate,
    rejected = objects.rejected + deltas.rejected,
    filtered = objects.filtered + deltas.filtered,
    damaged = objects.damaged + deltas.damaged
FROM (
    SELECT
        key,
        count(*) FILTER (after = 0) - count(*) FILTER (before = 0) AS stored,
        count(*) FILTER (after = 1) - count(*) FILTER (before = 1) AS duplicate,
        count(*) FILTER (after = 2) - count(*) FILTER (before = 2) AS rejected,
        count(*) FILTER (after = 3) - count(*) FILTER (before = 3) AS filtered,
        count(*) FILTER (after = 4) - count(*) FILTER (before = 4) AS damaged
    FROM erasing_moves
    INNER JOIN objects ON erasing_moves.load_seq BETWEEN objects.first_load_seq AND objects.last_load_seq
    GROUP BY key
) AS deltas
WHERE objects.key = deltas.key
