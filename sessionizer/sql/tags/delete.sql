-- delete: takes out the stays that are not so any more.
DELETE FROM lake.main.tag_members
WHERE rowid IN (
    SELECT handle
    FROM stays_before AS b
    ANTI JOIN stays_now AS n
        ON n.tag = b.tag AND n.customer_id = b.customer_id AND n.version = b.version AND n.entered_at = b.entered_at
        AND n.left_at IS NOT DISTINCT FROM b.left_at AND n.evidence = b.evidence::VARCHAR
)
