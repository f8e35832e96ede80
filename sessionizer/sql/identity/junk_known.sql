-- junk_known: what is counted of these already.
CREATE OR REPLACE TEMP TABLE junk_known AS
SELECT j.rowid AS handle, j.* FROM lake.main.junk_ids AS j JOIN junk_found USING (project, kind, value, rule)
