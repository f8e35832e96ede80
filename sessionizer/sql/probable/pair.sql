-- pair: a key of two values; null where one is unknown.
CREATE OR REPLACE TEMP MACRO pair(x, y) AS
CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN hash(x, y) END
