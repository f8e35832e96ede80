-- joins: nothing, where no customer was merged away.
CREATE OR REPLACE TEMP TABLE joins AS SELECT left_key, right_key, evidence, load_seq FROM new_edges LIMIT 0
