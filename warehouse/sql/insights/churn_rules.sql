-- churn_rules: what each rule would have said on past days and what came of it; then who is at risk now
WITH happened AS (
{happened}
),
days AS (
    SELECT
        owner,
        ({until} + {horizon} * 86400000000 - 1 - moment) // 86400000000 - {horizon} AS ago,
        any_value(named) AS named,
        count(*) AS times,
        max(moment) AS latest
    FROM happened
    GROUP BY ALL
),
placed AS (
    SELECT
        *,
        unnest(generate_series(
            greatest(0, ago - {lookback} + {every}) // {every},
            least({last}, (ago + {horizon}) // {every})
        )) AS back
    FROM days
),
known AS (
    SELECT
        back,
        owner,
        any_value(named) AS named,
        min(ago - back * {every}) FILTER (ago >= back * {every}) AS quiet,
        coalesce(sum(times) FILTER (ago - back * {every} BETWEEN 0 AND {window} - 1), 0)::BIGINT AS recent,
        coalesce(sum(times) FILTER (ago - back * {every} BETWEEN {window} AND 2 * {window} - 1), 0)::BIGINT AS earlier,
        max(latest) FILTER (ago >= back * {every}) AS latest,
        count(*) FILTER (ago < back * {every}) = 0 AS churned
    FROM placed
    GROUP BY back, owner
    HAVING quiet < {population}
),
judged AS (
    SELECT
        *,
        quiet >= {silent} AS silent,
        earlier >= {floor} AND recent <= earlier * (1 - {fall}) AS fell
    FROM known
),
ruled AS (
    SELECT
        back,
        owner,
        unnest(['silent', 'fall', 'any']) AS rule,
        unnest([silent, fell, silent OR fell])::BIGINT AS flagged,
        churned::BIGINT AS churned
    FROM judged
    WHERE back >= {mature}
),
dated AS (
    SELECT
        rule, back, count(*) AS looked, sum(flagged) AS flagged, sum(churned) AS churned,
        sum(flagged * churned) AS hit
    FROM ruled
    GROUP BY rule, back
),
units AS (
    SELECT
        rule, owner, count(*) AS looked, sum(flagged) AS flagged, sum(churned) AS churned,
        sum(flagged * churned) AS hit
    FROM ruled
    GROUP BY rule, owner
),
whole AS (
    SELECT
        rule, sum(looked) AS looked, sum(flagged) AS flagged, sum(churned) AS churned, sum(hit) AS hit,
        [sum(hit * hit), sum(hit * flagged), sum(flagged * flagged)]::DOUBLE[] AS precision_squares,
        [sum(hit * hit), sum(hit * churned), sum(churned * churned)]::DOUBLE[] AS recall_squares,
        [sum(churned * churned), sum(churned * looked), sum(looked * looked)]::DOUBLE[] AS base_squares
    FROM units
    GROUP BY rule
),
counted AS (
    SELECT
        count(DISTINCT owner) AS n,
        count(DISTINCT owner) FILTER (back >= {mature}) AS n_mature,
        count(*) FILTER (back = 0) AS now_looked,
        count(*) FILTER (back = 0 AND silent) AS now_silent,
        count(*) FILTER (back = 0 AND fell) AS now_fell,
        count(*) FILTER (back = 0 AND (silent OR fell)) AS now_any
    FROM judged
),
listed AS (
    SELECT coalesce(named, '(unknown)') AS named, silent, fell, latest, recent, earlier
    FROM judged
    WHERE back = 0 AND (silent OR fell)
    ORDER BY earlier DESC, latest DESC, named, owner
    LIMIT {listed}
)
SELECT 0 AS part, * FROM counted
UNION ALL BY NAME
SELECT 1 AS part, * FROM dated
UNION ALL BY NAME
SELECT 2 AS part, * FROM whole
UNION ALL BY NAME
SELECT 3 AS part, * FROM listed
ORDER BY part, rule, back DESC, earlier DESC, latest DESC, named
