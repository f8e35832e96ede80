-- outdated: edges that are decided otherwise now.
CREATE OR REPLACE TEMP TABLE probable_outdated AS
SELECT * FROM probable_decided
WHERE
    (state, rule, left_customer, right_customer)
    IS DISTINCT FROM (old_state, old_rule, old_left, old_right)
