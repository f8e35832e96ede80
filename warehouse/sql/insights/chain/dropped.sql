-- dropped: who did what is excluded after the last step that was reached
SELECT {keys}
FROM reach{number} AS r
JOIN (SELECT {keys}, moment FROM placed WHERE {excluded}) AS x USING ({keys})
WHERE x.moment > r.arrived
    AND x.moment <= r.latest + {within}
    AND ({keys}) NOT IN (SELECT ({keys}) FROM reach{after})
