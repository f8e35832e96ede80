-- visited: those who came through one touch in the range, or through any
SELECT DISTINCT owner
    FROM visits
    WHERE moment >= {since} AND ({every} OR touch = $touch)
