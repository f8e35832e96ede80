-- rolled_hours: how many events came in each hour; the hours are put together afterwards, which are few
(
        SELECT hour{counts}
        FROM daily AS e
        WHERE {having}
        GROUP BY hour
    ) JOIN hours USING (hour)
