-- attribute: a condition on a customer: one of these values of an attribute
AND c.customer_id IN (
    SELECT a.customer_id
    FROM lake.customer_attributes AS a
    WHERE a.project = c.project AND a.name = {attribute} AND (a.value ->> '$') IN ({values})
)
