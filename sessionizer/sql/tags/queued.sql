-- tag_customers: those who are to be evaluated.
CREATE OR REPLACE TEMP TABLE tag_customers AS SELECT DISTINCT customer_id FROM lake.main.tag_queue
