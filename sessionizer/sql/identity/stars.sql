-- stars: the pairs of these. The id of the highest priority is linked with each other one, people's and accounts' apart;
-- the person's is a member of the account.
CREATE OR REPLACE TEMP TABLE stars AS
WITH hubs AS (
    SELECT
        n, account,
        arg_max(struct_pack(key := identity_key, kind := kind, value := value), row(priority, -identity_key)) AS hub
    FROM named
    GROUP BY n, account
),
links AS (
    SELECT named.n, identity_key AS left_key, kind AS left_kind, value AS left_value, hub
    FROM named JOIN hubs USING (n, account)
    WHERE identity_key <> hub.key
    UNION ALL
    SELECT person.n, person.hub.key, person.hub.kind, person.hub.value, account.hub
    FROM hubs AS person JOIN hubs AS account USING (n)
    WHERE NOT person.account AND account.account
)
SELECT
    rich.project, left_key, left_kind, left_value, hub.key AS right_key, hub.kind AS right_kind, hub.value AS right_value,
    daily, evidence, message_id, load_seq, day
FROM links JOIN rich USING (n)
