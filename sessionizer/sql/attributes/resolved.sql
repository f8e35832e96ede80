-- resolved: the attributes of the customers of spoken_of. A rule is that of the trait in the project's plan, else the one
-- of the settings. Among equals the later one counts, and what an identify says before what a context says.
SELECT
    project, customer_id, name, best.value::JSON AS value, rule, best.source AS source, best.said_at AS said_at,
    best.message_id AS message_id, best.load_seq AS load_seq, values_seen, contradictory
FROM (
    SELECT
        project,
        customer_id,
        name,
        min(rule) AS rule,
        arg_max(
            struct_pack(value := value, source := source, said_at := said_at, message_id := message_id, load_seq := load_seq),
            row(weight, moment, turn, via, value, library, dialect, key_id)
        ) AS best,
        count(DISTINCT value) AS values_seen,
        bool_or(lasting) AND count(DISTINCT sense) > 1 AS contradictory
    FROM (
        SELECT
            t.project, i.customer_id, t.name, t.value, t.via, t.library, t.dialect, t.key_id,
            coalesce(r.rule, '{rule}') AS rule,
            coalesce(r.lasting, false)
            OR lower(regexp_replace(t.name, '[ _-]', '', 'g')) IN ({lasting}) AS lasting,
            coalesce(nullif(t.library, ''), t.dialect) AS source,
            coalesce(r.rule, '{rule}') = 'first' AS is_first,
            CASE WHEN is_first THEN t.first_at ELSE t.last_at END AS said_at,
            CASE WHEN is_first THEN t.first_message_id ELSE t.last_message_id END AS message_id,
            CASE WHEN is_first THEN t.first_load_seq ELSE t.last_load_seq END AS load_seq,
            CASE WHEN is_first THEN -epoch_us(t.first_at) ELSE epoch_us(t.last_at) END AS moment,
            CASE WHEN is_first THEN -t.first_load_seq ELSE t.last_load_seq END AS turn,
            CASE coalesce(r.rule, '{rule}')
                WHEN 'most_frequent' THEN sum(t.said) OVER (PARTITION BY i.customer_id, t.name, t.value)
                WHEN 'sources'
                    THEN -least(
                        coalesce(list_position(r.sources, t.library), 1000000),
                        coalesce(list_position(r.sources, t.dialect), 1000000),
                        coalesce(list_position(r.sources, t.key_id), 1000000)
                    )
                ELSE 0
            END AS weight,
            lower(regexp_replace(t.value, '^("\d{{4}}-\d\d-\d\d)[T ].*', '\1"')) AS sense
        FROM (SELECT * FROM lake.main.traits {among}) AS t
        JOIN spoken_of AS i USING (identity_key)
        LEFT JOIN attribute_rules AS r ON r.project = t.project AND r.name = t.name
    )
    GROUP BY project, customer_id, name
)
