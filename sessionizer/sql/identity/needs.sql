-- needs: whether these events name other ids than users and devices, aliases, and junk.
SELECT
    bool_or(trait_ids IS NOT NULL OR context_ids IS NOT NULL OR group_id IS NOT NULL), bool_or(type = 'alias'),
    bool_or(has_junk)
FROM fresh
