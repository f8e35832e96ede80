-- lives_now: all lives of these ids, and the latest day on which each was received; that of a life that ended stays.
CREATE OR REPLACE TEMP TABLE lives_now AS
WITH ids AS (
    SELECT first_key, any_value(project) AS project, any_value(kind) AS kind, any_value(value) AS value, max(day) AS day
    FROM mortal_days
    GROUP BY first_key
),
latest AS (
    SELECT first_key, max(last_day) AS last_day FROM lives_known GROUP BY first_key
),
lives AS (
    SELECT first_key, 1 AS life FROM ids
    UNION ALL
    SELECT first_key, life FROM lives_borders
)
SELECT
    ids.project,
    CASE WHEN lives.life = 1 THEN first_key ELSE identity_key(ids.project, kind || '@' || lives.life, value) END AS identity_key,
    first_key,
    lives.life::INTEGER AS life,
    coalesce(ended.day_before, greatest(ids.day, latest.last_day)) AS last_day
FROM lives
JOIN ids USING (first_key)
LEFT JOIN latest USING (first_key)
LEFT JOIN lives_borders AS ended ON ended.first_key = lives.first_key AND ended.life = lives.life + 1
