-- statistics: the least and greatest values of texts and numbers in each table, as its current files have them.
-- DuckLake only ever widens these, so that they keep values of rows that are gone. Where they are not known of a file, as of
-- most columns once upkeep has been there, they are those of all texts there can be; null would say that there are none, and
-- the next rows' be taken for the table's. Runs on SQLite and PostgreSQL.
UPDATE {schema}ducklake_table_column_stats
SET min_value = found.least, max_value = found.greatest
FROM (
    SELECT
        stats.table_id,
        stats.column_id,
        CASE
            WHEN max(
                CASE
                    WHEN files.data_file_id IS NOT NULL AND parts.data_file_id IS NULL THEN 1
                    WHEN parts.min_value IS NULL AND parts.null_count < files.record_count THEN 1
                    ELSE 0
                END
            ) = 1
                THEN CASE WHEN max(kinds.column_type) = 'int64' THEN max(stats.min_value) ELSE '' END
            WHEN max(kinds.column_type) = 'int64' THEN CAST(min(CASE WHEN kinds.column_type = 'int64' THEN CAST(parts.min_value AS BIGINT) END) AS VARCHAR)
            ELSE min(parts.min_value {collation})
        END AS least,
        CASE
            WHEN max(
                CASE
                    WHEN files.data_file_id IS NOT NULL AND parts.data_file_id IS NULL THEN 1
                    WHEN parts.max_value IS NULL AND parts.null_count < files.record_count THEN 1
                    ELSE 0
                END
            ) = 1
                THEN CASE WHEN max(kinds.column_type) = 'int64' THEN max(stats.max_value) ELSE '{last_text}' END
            WHEN max(kinds.column_type) = 'int64' THEN CAST(max(CASE WHEN kinds.column_type = 'int64' THEN CAST(parts.max_value AS BIGINT) END) AS VARCHAR)
            ELSE max(parts.max_value {collation})
        END AS greatest
    FROM {schema}ducklake_table_column_stats AS stats
    INNER JOIN {schema}ducklake_column AS kinds
        ON
            stats.table_id = kinds.table_id
            AND stats.column_id = kinds.column_id
            AND kinds.end_snapshot IS NULL
            AND kinds.column_type IN ('int64', 'varchar', 'json')
    LEFT JOIN {schema}ducklake_data_file AS files
        ON stats.table_id = files.table_id AND files.end_snapshot IS NULL
    LEFT JOIN {schema}ducklake_file_column_stats AS parts
        ON files.data_file_id = parts.data_file_id AND stats.column_id = parts.column_id
    WHERE stats.table_id NOT IN (SELECT table_id FROM {schema}ducklake_inlined_data_tables)
    GROUP BY stats.table_id, stats.column_id
) AS found
WHERE ducklake_table_column_stats.table_id = found.table_id AND ducklake_table_column_stats.column_id = found.column_id
