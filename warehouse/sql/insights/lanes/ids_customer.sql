-- ids_customer: each id, and the key of its customer, which is that of the customer's oldest id
SELECT
    identity_key,
    CASE WHEN evidence = 'first_seen' THEN identity_key ELSE ('0x' || substr(customer_id, 3))::UBIGINT::BIGINT END AS customer
FROM identities
WHERE project = {project}
