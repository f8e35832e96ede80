-- edges: whose the events are that lie in a moment which two sessions share
WITH {abroad}
SELECT edges.load_seq, keyed.number
FROM edges
JOIN keyed USING (identity_key)
