-- redirect: a customer id that was merged away leads to the one it became.
INSERT INTO lake.main.customer_redirects
SELECT old_customer_id, customer_id, {until} FROM renamed ORDER BY old_customer_id
