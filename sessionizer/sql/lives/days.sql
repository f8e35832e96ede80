-- mortal_days: on which days ids with a time to live were received, and which event of the day was loaded first.
CREATE OR REPLACE TEMP TABLE mortal_days AS
SELECT
    named.identity_key AS first_key, named.project, kind, value, ttl, rich.daily AS day,
    min(load_seq) AS load_seq, arg_min(message_id, load_seq) AS message_id,
    arg_min(evidence, row(load_seq, evidence)) AS evidence
FROM named
JOIN rich USING (n)
JOIN (VALUES {kinds}) AS mortal(kind, ttl) USING (kind)
GROUP BY ALL
