-- older: nothing, where every age is known.
CREATE OR REPLACE TEMP TABLE older AS SELECT label, first_load_seq FROM ages LIMIT 0
