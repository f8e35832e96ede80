-- ages: load_seq of the first event of each linked label, null where its row has not been read yet.
CREATE OR REPLACE TEMP TABLE ages AS
SELECT label, first_load_seq, is_new
FROM (SELECT left_label AS label FROM links UNION SELECT right_label FROM links)
LEFT JOIN (SELECT identity_key AS label, first_load_seq, is_new FROM members) USING (label)
