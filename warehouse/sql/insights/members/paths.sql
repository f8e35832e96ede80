-- paths: those who passed an item at a step, or went on from it to another
SELECT DISTINCT owner
    FROM by_owner AS e
    JOIN listed AS s ON s.place = e.place
    LEFT JOIN listed AS t ON t.place = e.follows
    WHERE e.step = {step} AND s.name = $item AND ($target IS NULL OR t.name = $target)
