-- known_ids: rows of a file that name an id which is somebody's, with the kind of the id.
SELECT n.row, n.kind
FROM named_ids AS n
SEMI JOIN identities AS i ON n.key = i.identity_key
