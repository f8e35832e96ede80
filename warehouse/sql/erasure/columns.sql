-- columns: the columns of the lake's tables; a view has rows of others alone.
SELECT table_name, column_name, data_type
FROM duckdb_columns()
WHERE database_name = 'lake' AND schema_name = 'main'
    AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' AND schema_name = 'main')
ORDER BY table_name, column_index
