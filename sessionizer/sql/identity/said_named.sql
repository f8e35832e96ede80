-- said_named: of these, the ids of rich.
UNION ALL
SELECT named.project, kind, value, load_seq, day, first_seen, last_seen FROM named JOIN rich USING (n)
