-- edges: whose the events are that lie in a moment which two sessions share
WITH {abroad}
SELECT load_seq, identity_key
FROM edges
