-- any: windows with so many of the steps in them
SELECT {keys}, {times}
FROM met
WHERE len(met) >= {number}
{only}
