-- lifetime: what all sessions come to.
SELECT
    count(*) AS sessions,
    coalesce(sum(events), 0)::BIGINT AS events,
    coalesce(sum(pages), 0)::BIGINT AS pages,
    coalesce(sum(conversions), 0)::BIGINT AS conversions,
    count(*) FILTER (bounced) AS bounced,
    coalesce(sum(engaged_seconds), 0) AS engaged_seconds,
    min(started_at) AS first_seen,
    max(ended_at) AS last_seen
FROM own
