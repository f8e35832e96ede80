-- tag_members: one row per stay of a customer in a tag.
SELECT e.project, e.tag, e.customer_id, e.entered_at, e.left_at, e.version
FROM lake.tag_members AS e {at}
WHERE {tags}
