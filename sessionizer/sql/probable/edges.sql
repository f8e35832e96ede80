-- probable_now: every probable edge with the customers its two ids belong to by now.
CREATE OR REPLACE TEMP TABLE probable_now AS
SELECT
    e.rowid AS handle,
    e.* EXCLUDE (left_customer, right_customer),
    e.left_customer AS old_left,
    e.right_customer AS old_right,
    l.customer_id AS left_customer,
    r.customer_id AS right_customer
FROM lake.main.probable_edges AS e
LEFT JOIN lake.main.identities AS l ON l.identity_key = e.left_key AND l.project = e.project
LEFT JOIN lake.main.identities AS r ON r.identity_key = e.right_key AND r.project = e.project
