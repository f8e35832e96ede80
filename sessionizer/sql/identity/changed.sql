-- changed_ids: of these, the rows that differ from what the lake has.
CREATE OR REPLACE TEMP TABLE changed_ids AS
SELECT * FROM identity_rows EXCEPT SELECT * EXCLUDE (handle) FROM known
