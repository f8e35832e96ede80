-- marks: the values that each owner has at the step a breakdown goes by
SELECT DISTINCT owner, {by}
FROM {begun}
WHERE {marked}
