-- stars: nothing, where no event names other ids.
CREATE OR REPLACE TEMP TABLE stars AS
SELECT
    project, 0::BIGINT AS left_key, '' AS left_kind, '' AS left_value, 0::BIGINT AS right_key, '' AS right_kind,
    '' AS right_value, daily, evidence, message_id, load_seq, day
FROM sightings LIMIT 0
