-- raw_values: each of these once.
SELECT DISTINCT place, raw FROM raw_ids
