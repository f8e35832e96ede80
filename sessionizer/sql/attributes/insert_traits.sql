-- insert_traits: puts in what is true now.
INSERT INTO lake.main.traits SELECT * FROM {rows} ORDER BY identity_key, name, value, via, library, dialect, key_id
