-- probable_members: of each customer its oldest id, which stays its own whatever it is merged with.
CREATE OR REPLACE TEMP TABLE probable_members AS
SELECT project, customer_id, arg_min(identity_key, (first_load_seq, identity_key)) AS id
FROM lake.main.identities
WHERE project = $project AND starts_with(customer_id, 'c_') AND kind <> 'shared_device' AND customer_id IN (
    SELECT customer_id FROM lake.main.customer_attributes
    WHERE project = $project AND regexp_replace(lower(name), '[^\p{{L}}\p{{N}}]', '', 'g') IN (SELECT trait FROM meanings)
)
GROUP BY project, customer_id
