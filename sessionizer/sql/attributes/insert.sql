-- insert: puts in the attributes of {rows}.
INSERT INTO lake.main.customer_attributes
SELECT * REPLACE (value::JSON AS value) FROM {rows} ORDER BY customer_id, name
