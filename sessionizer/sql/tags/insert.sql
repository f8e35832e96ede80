-- insert: puts in the stays that are new.
INSERT INTO lake.main.tag_members
SELECT n.* REPLACE (n.evidence::JSON AS evidence), make_timestamptz({moment})
FROM stays_now AS n
ANTI JOIN stays_before AS b
    ON n.tag = b.tag AND n.customer_id = b.customer_id AND n.version = b.version AND n.entered_at = b.entered_at
    AND n.left_at IS NOT DISTINCT FROM b.left_at AND n.evidence = b.evidence::VARCHAR
ORDER BY n.customer_id, n.tag, n.entered_at
