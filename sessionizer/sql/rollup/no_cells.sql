-- rollup_cells: none.
CREATE OR REPLACE TEMP TABLE rollup_cells AS SELECT NULL::BIGINT AS subject_key, NULL::DATE AS day LIMIT 0
