-- changed_attributes: the rows that differ from what the lake has.
CREATE OR REPLACE TEMP TABLE changed_attributes AS
SELECT * REPLACE (value::VARCHAR AS value) FROM attribute_rows
EXCEPT
SELECT * EXCLUDE (handle) REPLACE (value::VARCHAR AS value) FROM attributes_before
