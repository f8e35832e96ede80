-- lives_borders: the latest day of the life before each life. What was received more than the time to live later is of
-- this one, or of one that comes after it.
CREATE OR REPLACE TEMP TABLE lives_borders AS
WITH borders AS (
    SELECT first_key, life, day_before FROM lives_begun
    UNION ALL
    SELECT ended.first_key, later.life, ended.last_day
    FROM lives_known AS ended
    JOIN lives_known AS later ON later.first_key = ended.first_key AND later.life = ended.life + 1
)
SELECT * FROM borders JOIN (SELECT DISTINCT first_key, ttl FROM mortal_days) USING (first_key)
