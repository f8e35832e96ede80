-- whole: every event up to a load_seq, as a rebuild reads them.
CREATE OR REPLACE TEMP VIEW whole AS
SELECT * FROM moments WHERE load_seq <= {until}
