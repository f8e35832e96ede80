-- ahead: when each step comes next, from every event on
SELECT {keys}, moment, begins, {next}, {bar} AS bar
FROM placed
WINDOW
    onwards AS (PARTITION BY {keys} ORDER BY moment RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
    beyond AS (PARTITION BY {keys} ORDER BY moment RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
