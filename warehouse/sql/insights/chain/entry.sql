-- entry: where journeys begin
SELECT {keys}, {carried}moment AS t1
FROM {placed}
WHERE begins
