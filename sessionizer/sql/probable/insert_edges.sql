-- insert_edges: pairs as they were found; they are decided afterwards.
INSERT INTO lake.main.probable_edges BY NAME
SELECT
    $project AS project,
    "left" AS left_key,
    "right" AS right_key,
    confidence,
    weight,
    agreed,
    $model AS model,
    {until} AS decided_at,
    'blocked' AS state,
    'below_threshold' AS rule
FROM pairs_found
ORDER BY "left", "right"
