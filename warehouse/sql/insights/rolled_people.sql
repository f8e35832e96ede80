-- rolled_people: the customer of a visitor, by number; a customer's oldest id has the customer's own
LEFT JOIN (
    SELECT identity_key, ('0x' || substr(customer_id, 3))::UBIGINT::BIGINT AS customer
    FROM identities
    WHERE project = {project} AND evidence IS DISTINCT FROM 'first_seen'
) AS p ON p.identity_key = e.visitor_key
