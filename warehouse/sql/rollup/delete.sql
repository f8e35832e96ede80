-- delete: takes the cells out that are counted again. The days are constant for the sake of the planner.
DELETE FROM lake.main.daily
WHERE day IN ({days})
    AND (coalesce(subject_key, visitor_key, -1), day) IN (SELECT subject_key, day FROM rollup_cells)
