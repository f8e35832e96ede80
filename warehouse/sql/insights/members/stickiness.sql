-- stickiness: those who did it in exactly so many intervals
SELECT owner
    FROM units
    WHERE intervals = {intervals}
