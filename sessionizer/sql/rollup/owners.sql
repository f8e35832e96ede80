-- visit_owners: the customers of devices and of whoever was signed in on them, in the visits that a run made or took away.
CREATE OR REPLACE TEMP TABLE visit_owners AS
SELECT identity_key, customer_id
FROM lake.main.identities
WHERE identity_key IN (
    SELECT unnest([subject_key, identity_key]) FROM (FROM born UNION ALL FROM gone) WHERE identity_key <> subject_key
)
