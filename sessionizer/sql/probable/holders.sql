-- probable_holders: their customers, numbered from 0 on by age, and how many ids of each limited kind each has.
CREATE OR REPLACE TEMP TABLE probable_holders AS
WITH named AS (
    SELECT left_customer AS customer_id FROM probable_now UNION SELECT right_customer FROM probable_now
)
SELECT
    row_number() OVER (ORDER BY min(i.first_load_seq), customer_id) - 1 AS number,
    any_value(i.project) AS project,
    customer_id{counts}
FROM named
JOIN lake.main.identities AS i USING (customer_id)
GROUP BY customer_id
