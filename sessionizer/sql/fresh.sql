-- fresh: the events that this run adds, in a table of their own because every later step reads them.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT * FROM moments WHERE load_seq > {after} AND load_seq <= {until}
