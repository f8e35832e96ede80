-- tag_subjects: on which devices, or as which users, the customers of tag_customers did anything
CREATE OR REPLACE TEMP TABLE tag_subjects AS
WITH ids AS (
    SELECT identity_key FROM identities WHERE customer_id IN (SELECT customer_id FROM tag_customers)
)
SELECT identity_key AS subject_key FROM ids
UNION
SELECT subject_key FROM sessions WHERE identity_key IN (SELECT identity_key FROM ids)
