-- gone: keys of a table's rows that are no more.
WITH now AS ({now}), before AS ({before})
SELECT {keys}
FROM before
ANTI JOIN now ON {same}
