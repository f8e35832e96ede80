-- add_known: from here on these rows are known too.
INSERT INTO known SELECT * FROM followers
