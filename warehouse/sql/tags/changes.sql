-- changes: on each of these days, who entered a tag, who left it, and who had it when the day was over
WITH days AS (SELECT unnest({days}::BIGINT[]) AS begins, unnest({ends}::BIGINT[]) AS ends),
stays AS (
    SELECT epoch_us(entered_at) AS entered, epoch_us(left_at) AS went
    FROM tag_members
    WHERE project = {project} AND tag = {tag}
)
SELECT
    begins,
    count(*) FILTER (entered >= begins AND entered < ends),
    count(*) FILTER (went >= begins AND went < ends),
    count(*) FILTER (entered < ends AND (went IS NULL OR went >= ends))
FROM days
LEFT JOIN stays ON entered < ends AND (went IS NULL OR went >= begins)
GROUP BY begins
ORDER BY begins
