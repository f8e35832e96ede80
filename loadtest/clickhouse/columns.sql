-- columns: what the questions read of the events, each with the id of who was there, also on somebody else's device
COPY (
    WITH {abroad}
    SELECT
        coalesce(edges.identity_key, visiting.identity_key, e.subject_key) AS identity_key,
        epoch_us(e.timestamp)::UBIGINT AS moment,
        e.load_seq,
        e.type,
        coalesce(e.event, '') AS event
    FROM events AS e
    LEFT JOIN visiting
        ON visiting.subject_key = e.subject_key
        AND e.timestamp BETWEEN visiting.opens AND visiting.closes
    LEFT JOIN edges ON edges.load_seq = e.load_seq
    WHERE e.project = {project} AND e.is_bot IS NOT TRUE AND e.load_seq <= {seq} AND e.timestamp < make_timestamptz({until})
) TO '{events}' (FORMAT parquet)
