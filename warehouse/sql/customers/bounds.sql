-- bounds: between which events some visits lie, numbered in their order.
SELECT
    unnest(range(len($subjects::BIGINT[]))) AS visit, unnest($subjects::BIGINT[]) AS subject_key,
    unnest($opens::BIGINT[]) AS opens, unnest($openings::VARCHAR[]) AS opening,
    unnest($closes::BIGINT[]) AS closes, unnest($closings::VARCHAR[]) AS closing
