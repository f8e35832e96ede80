-- stays_before: the stays of these customers as they are.
CREATE OR REPLACE TEMP TABLE stays_before AS
SELECT rowid AS handle, * EXCLUDE (evaluated_at)
FROM lake.main.tag_members
WHERE project = ? AND customer_id IN (SELECT customer_id FROM tag_customers)
