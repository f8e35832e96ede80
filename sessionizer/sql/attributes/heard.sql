-- heard: what events said of a person: one row for each id, trait, value and way it came. Empty and unknown values say
-- nothing. Of context.traits, which come with every event of some SDKs, only the hour counts, or every run would rewrite
-- the row of every customer who is active.
CREATE OR REPLACE TEMP TABLE heard AS
WITH spoken AS (
    SELECT
        *, 'identify' AS via, traits AS words, happened_at AS said_at, load_seq AS later
    FROM {source} WHERE traits IS NOT NULL
    UNION ALL
    SELECT
        *, 'context', context_traits, date_trunc('hour', happened_at), -load_seq
    FROM {source} WHERE context_traits IS NOT NULL
),
named AS (
    SELECT
        spoken.*,
        CASE WHEN user_id IS NULL THEN subject_key ELSE identity_key(project, 'user_id', user_id) END AS identity_key,
        trait.key AS name,
        CASE
            WHEN trait.type = 'VARCHAR'
                THEN to_json(regexp_replace(trait.value->>'$', '^{blank}+|{blank}+$', '', 'g'))
            ELSE trait.value
        END::VARCHAR AS value
    FROM spoken, json_each(words) AS trait
    WHERE json_type(words) = 'OBJECT' AND trait.type <> 'NULL'
)
SELECT
    project, identity_key, name, value, via, library, dialect, key_id,
    CASE WHEN via = 'context' THEN 1 ELSE count(*) END AS said,
    min(said_at) AS first_at,
    arg_min(load_seq, row(said_at, load_seq)) AS first_load_seq,
    arg_min(message_id, row(said_at, load_seq)) AS first_message_id,
    max(said_at) AS last_at,
    arg_max(load_seq, row(said_at, later)) AS last_load_seq,
    arg_max(message_id, row(said_at, later)) AS last_message_id
FROM named
WHERE lower(value) NOT IN ({nothing})
GROUP BY project, identity_key, name, value, via, library, dialect, key_id
