-- paths: which of the first five items of a path follows which, where a pause of half an hour ends it
SELECT step, item, follows, count() AS walks, uniqExact(owner) AS units
FROM (
    SELECT
        owner,
        arraySort(groupArray((moment, load_seq, if(type = 'track', event, concat(type, ':', if(event = '', '*', event)))))) AS did,
        did.1 AS moments,
        did.3 AS items,
        arrayMap((at, item) -> at = 1 OR moments[at] - moments[at - 1] >= 1800000000, arrayEnumerate(did), items) AS opens,
        arrayFilter(at -> opens[at] OR items[at] <> items[at - 1], arrayEnumerate(did)) AS kept,
        arrayCumSum(arrayMap(at -> toUInt32(opens[at]), kept)) AS walk,
        arrayMap(at -> items[at], kept) AS shown,
        arrayMap(
            (at, one) -> if(at < length(walk) AND walk[at + 1] = one, shown[at + 1], ''), arrayEnumerate(walk), walk
        ) AS next
    FROM ({owned}
        WHERE e.moment >= {since}
    )
    GROUP BY owner
)
ARRAY JOIN arrayEnumerateUniq(walk) AS step, shown AS item, next AS follows
WHERE step <= 5
GROUP BY step, item, follows
