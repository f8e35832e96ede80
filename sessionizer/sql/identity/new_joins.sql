-- joins: and the edges joined in this run.
INSERT INTO joins SELECT left_key, right_key, evidence, load_seq FROM new_edges WHERE state = 'joined'
