-- engagement: those who used an item, or any, in the range; or for the first time ever
SELECT DISTINCT owner
    FROM placed
    WHERE {of} AND {first}
