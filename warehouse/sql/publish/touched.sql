-- touched: whether any of the lake's tables $tables was changed after the snapshot $version.
WITH changes AS (
    SELECT unnest(flatten(map_values(changes)))::VARCHAR AS place
    FROM lake.snapshots()
    WHERE snapshot_id > $version
)
SELECT count(*) > 0 AS touched
FROM changes
WHERE list_contains($tables, place)
