-- walks_anchored: of each unit's events in order those from one event on, up to another where that comes
starters AS (
    SELECT DISTINCT owner
    FROM happened
    WHERE starts
),
placed AS (
    SELECT
        *,
        row_number() OVER one AS place,
        lag(moment) OVER one AS before
    FROM happened
    WHERE owner IN (SELECT owner FROM starters)
    WINDOW one AS (PARTITION BY {lanes} ORDER BY {order})
),
runs AS (
    SELECT *, {run} AS run
    FROM placed
),
chances AS (
    SELECT {lanes}, run, place, moment, starts, {goal} AS goal, {goal_at} AS goal_at
    FROM runs
    WHERE starts OR ends
    WINDOW after AS (PARTITION BY {lanes}, run ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),
tried AS (
    SELECT *, coalesce(abs(goal_at - moment) <= {window}, FALSE) AS converts
    FROM chances
    WHERE starts
),
anchors AS (
    SELECT
        {lanes},
        run,
        min({{
            'missed': NOT converts,
            'place': place,
            'moment': moment,
            'goal': CASE WHEN converts THEN goal END
        }}) AS best
    FROM tried
    GROUP BY {lanes}, run
),
inside AS (
    SELECT
        {of_run},
        r.place,
        r.moment,
        r.item,
        r.place = a.best.place AS opens,
        coalesce(r.place = a.best.goal, FALSE) AS reached,
        NOT a.best.missed AS converts,
        a.best.moment AS entry
    FROM runs AS r
    JOIN anchors AS a USING ({lanes}, run)
    WHERE r.place >= a.best.place
        AND (a.best.goal IS NULL OR r.place <= a.best.goal)
        AND abs(r.moment - a.best.moment) <= {window}
),
walks AS (
    SELECT *
    FROM inside
    QUALIFY opens OR reached OR {repeats} OR item <> lag(item) OVER (PARTITION BY {lanes} ORDER BY place)
)
