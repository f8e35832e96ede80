-- insert_edges: puts in their edges as they were decided now.
INSERT INTO lake.main.identity_edges SELECT * FROM new_edges ORDER BY load_seq, left_key
