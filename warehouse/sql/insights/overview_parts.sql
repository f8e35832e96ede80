-- overview_parts: visits of the range by value, without who they were of: that would take many times as long
UNION ALL
SELECT TRUE, {which}, NULL, {value}, count(*), NULL, NULL, {sums}
FROM visited
WHERE later
GROUP BY GROUPING SETS ({sets})
