-- customers_before: nothing, for a rebuild.
CREATE OR REPLACE TEMP TABLE customers_before AS SELECT rowid AS handle, * FROM lake.main.customers LIMIT 0
