-- insert_edges: every new edge, joined or blocked.
INSERT INTO lake.main.identity_edges SELECT * FROM new_edges ORDER BY load_seq, left_key
