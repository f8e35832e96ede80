-- rollup_cells: devices and days of the visits of all ids that were decided again.
CREATE OR REPLACE TEMP TABLE rollup_cells AS
WITH moved AS (
    SELECT subject_key, started_at, ended_at
    FROM lake.main.sessions
    WHERE subject_key IN (SELECT identity_key FROM closure) OR identity_key IN (SELECT identity_key FROM closure)
)
{days}
