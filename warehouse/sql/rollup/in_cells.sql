-- in_cells: whether the event `e` lies in a cell that is counted again.
(coalesce(e.subject_key, -1), e.event_day) IN (SELECT subject_key, day FROM rollup_cells)
