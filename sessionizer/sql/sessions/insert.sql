-- insert: puts new rows in; the lake sorts them.
INSERT INTO lake.main.sessions SELECT * FROM {rows}
