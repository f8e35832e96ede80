-- attributes: a column for each attribute of a customer that is asked for
LEFT JOIN (
    SELECT a.customer_id AS of_customer{values}
    FROM customer_attributes AS a
    WHERE a.project = {project}
    GROUP BY a.customer_id
) AS a ON a.of_customer = i.customer_id
