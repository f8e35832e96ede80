-- columns: the columns of the lake's tables.
SELECT table_name, column_name, data_type
FROM duckdb_columns()
WHERE database_name = 'lake' AND schema_name = 'main'
ORDER BY table_name, column_index
