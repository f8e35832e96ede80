-- walks_all: each unit's events in order, cut where a pause or a session ends them
marked AS (
    SELECT
        {lanes},
        moment,
        load_seq,
        item,
        lag(moment) OVER one AS before,
        lag(item) OVER one AS item_before
    FROM happened
    WINDOW one AS (PARTITION BY {lanes} ORDER BY moment, load_seq)
),
walks AS (
    SELECT {lanes}, moment, load_seq AS place, item, {opens} AS opens, FALSE AS reached, moment AS entry
    FROM marked
    WHERE {opens} OR {repeats} OR item <> item_before
)
