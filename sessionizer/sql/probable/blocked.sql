-- candidates: the same without the keys that too many records share: such a key says little and pairs many.
CREATE OR REPLACE TEMP TABLE candidates AS SELECT * REPLACE ({rare}) FROM keyed ORDER BY id
