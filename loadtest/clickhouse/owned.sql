-- owned: events with their owner, the customer of their id
SELECT
    if(empty(i.customer_id), sipHash64(e.identity_key), sipHash64(i.customer_id)) AS owner,
    e.moment AS moment,
    e.load_seq AS load_seq,
    e.type AS type,
    e.event AS event
FROM file('{events}', Parquet) AS e
LEFT JOIN file('{identities}', Parquet) AS i ON i.identity_key = e.identity_key
