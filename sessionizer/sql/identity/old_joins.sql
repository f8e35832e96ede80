-- joins: the joined edges of the ids that were the oldest of their customer and no longer are.
CREATE OR REPLACE TEMP TABLE joins AS
SELECT left_key, right_key, evidence, load_seq
FROM near_edges
WHERE state = 'joined'
    AND (left_key IN (SELECT label FROM renamed) OR right_key IN (SELECT label FROM renamed))
