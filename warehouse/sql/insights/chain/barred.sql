-- barred: the latest event before a step that must not lie between it and the one before
ASOF LEFT JOIN (SELECT {plain_keys}, moment FROM {placed} WHERE {excluded}) AS x ON {same} AND c.moment > x.moment
