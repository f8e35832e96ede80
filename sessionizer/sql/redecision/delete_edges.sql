-- delete_edges: takes out their edges.
DELETE FROM lake.main.identity_edges WHERE left_key IN (SELECT identity_key FROM closure)
