-- candidates: the pairs to decide on. Materialized, or the planner may try every pair of members first.
CREATE OR REPLACE TEMP TABLE candidates AS
WITH news AS MATERIALIZED (
    SELECT news.*, {blocked} AS is_blocked
    FROM pairs AS news
    LEFT JOIN known_edges AS k ON k.left_key = news.left_key AND k.right_key = news.right_key
    WHERE k.final IS NULL OR (NOT k.final AND news.day > k.day)
),
lefts AS MATERIALIZED (
    SELECT news.*, m.label AS left_label, m.first_load_seq < load_seq AS left_known
    FROM news JOIN members AS m ON m.identity_key = news.left_key
),
ends AS MATERIALIZED (
    SELECT lefts.*, m.label AS right_label, left_known AND m.first_load_seq < load_seq AS is_link
    FROM lefts JOIN members AS m ON m.identity_key = lefts.right_key
),
kinds AS (SELECT * FROM (VALUES {kinds}) AS kinds(kind, code, priority, account))
SELECT
    row_number() OVER () - 1 AS edge, ends.*, l.code AS left_code, r.code AS right_code, l.account <> r.account AS is_member
FROM ends
JOIN kinds AS l ON l.kind = {left_kind}
JOIN kinds AS r ON r.kind = {right_kind}
