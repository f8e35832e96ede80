-- pointed: sessions without a user on a device that several people use are whose the device was then.
UPDATE visits
SET identity_key = i.owner_key
FROM intervals_near AS i
WHERE visits.user_id IS NULL
    AND i.identity_key = visits.subject_key
    AND (i.valid_from IS NULL OR visits.started_at >= i.valid_from)
    AND (i.valid_to IS NULL OR visits.started_at < i.valid_to)
