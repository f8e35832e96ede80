-- next: a step, after the latest of the step before: with it goes the latest beginning, and those only grow
SELECT {keys}, {carried}{times}, c.moment AS t{number}
FROM (SELECT {plain_keys}, {plain_carried}moment FROM {placed} WHERE s{number}) AS c
{join} step{before} AS b ON {same} AND {later}
{barred}
WHERE c.moment <= b.t1 + {within}{clean}
