-- visits: when who else was on whose device, by device and time; `place` numbers the devices
WITH {abroad}
SELECT
    v.subject_key,
    dense_rank() OVER (ORDER BY v.subject_key) - 1 AS place,
    epoch_us(v.opens) AS opens,
    epoch_us(v.closes) AS closes,
    v.begins_with OR v.ends_with AS meets,
    own.number AS own,
    theirs.number AS theirs
FROM visiting AS v
JOIN keyed AS own ON own.identity_key = v.subject_key
JOIN keyed AS theirs ON theirs.identity_key = v.identity_key
ORDER BY place, opens
