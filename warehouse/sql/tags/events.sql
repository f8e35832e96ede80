-- events: what the customers of the temp table tag_customers did, as far as a rule looks at it, in order
SELECT * EXCLUDE (owner, customer_id), ('0x' || substr(customer_id, 3))::BIGINT AS customer
FROM (
{happened}
)
ORDER BY customer, moment, load_seq
