-- raw_ids: what traits and contexts hold where ids are looked for. Of a group's traits only ids of accounts count.
CREATE OR REPLACE TEMP TABLE raw_ids AS
SELECT DISTINCT n, place, raw
FROM (
    SELECT n, of_group, unnest(trait_ids) AS raw, unnest([{trait_kinds}]) AS place FROM rich
    UNION ALL
    SELECT n, false, unnest(context_ids), unnest([{context_kinds}]) FROM rich
)
WHERE raw IS NOT NULL AND raw <> '' AND (NOT of_group OR place IN ({account_kinds}))
