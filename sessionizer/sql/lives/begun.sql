-- lives_begun: the lives that begin: on a day more than the time to live after the latest day so far, in order of load.
CREATE OR REPLACE TEMP TABLE lives_begun AS
WITH latest AS (
    SELECT first_key, max(life) AS life, max(last_day) AS last_day FROM lives_known GROUP BY first_key
),
looked AS (
    SELECT
        d.*, coalesce(latest.life, 1) AS known_life,
        greatest(
            latest.last_day,
            max(day) OVER (PARTITION BY first_key ORDER BY load_seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) AS day_before
    FROM mortal_days AS d
    LEFT JOIN latest USING (first_key)
)
SELECT
    * EXCLUDE (known_life), known_life + row_number() OVER (PARTITION BY first_key ORDER BY load_seq) AS life
FROM looked
WHERE day - day_before > ttl
