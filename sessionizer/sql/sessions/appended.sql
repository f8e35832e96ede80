-- appended: new events that come after all that is known of their cluster.
(
    SELECT fresh.*
    FROM fresh
    JOIN items USING (subject_key, load_seq)
    JOIN clusters USING (subject_key, cluster)
    WHERE clusters.appended
)
