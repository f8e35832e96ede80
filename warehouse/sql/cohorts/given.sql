-- cohort_given: the customers that are to be in a cohort, each once, by one of the ids that were given
CREATE OR REPLACE TEMP TABLE cohort_given AS
SELECT customer_id, min(identity_key) AS identity_key
FROM identities
WHERE project = ? AND identity_key IN (SELECT unnest(?::BIGINT[])) AND starts_with(customer_id, 'c_')
GROUP BY customer_id
