-- visits: when who else was on whose device, by device and time; `place` numbers the devices
WITH {abroad}
SELECT
    v.subject_key,
    dense_rank() OVER (ORDER BY v.subject_key) - 1 AS place,
    epoch_us(v.opens) AS opens,
    epoch_us(v.closes) AS closes,
    v.begins_with OR v.ends_with AS meets,
    v.own,
    v.theirs
FROM visiting AS v
WHERE v.own IS NOT NULL
ORDER BY place, opens
