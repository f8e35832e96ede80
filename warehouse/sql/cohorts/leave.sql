-- leave: who is not to be in the cohort any more, and all who are no more
UPDATE cohort_members
SET left_at = make_timestamptz({moment})
WHERE project = ? AND cohort = ? AND left_at IS NULL
    AND identity_key NOT IN (SELECT i.identity_key FROM identities AS i JOIN cohort_given USING (customer_id))
