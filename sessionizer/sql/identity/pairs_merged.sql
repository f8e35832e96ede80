-- pairs_merged: and what people said.
UNION ALL
SELECT
    project, left_key, left_kind, left_value, right_key, right_kind, right_value, NULL::DATE, 'decision', NULL, load_seq,
    NULL::DATE
FROM decided
WHERE decision = 'merge'
