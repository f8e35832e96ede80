-- sessions: what a visit was like and what came of it.
ALTER TABLE sessions ADD COLUMN seconds DOUBLE; -- from its first to its last event
ALTER TABLE sessions ADD COLUMN engaged_seconds DOUBLE; -- the pauses between its events, each of at most 30 seconds
ALTER TABLE sessions ADD COLUMN bounced BOOLEAN; -- one page or less, engaged for less than 10 seconds, and nothing achieved
ALTER TABLE sessions ADD COLUMN conversions BIGINT; -- number of its key events, by the tracking plan
ALTER TABLE sessions ADD COLUMN order_value DOUBLE; -- what they are worth together, of those in its currency
ALTER TABLE sessions ADD COLUMN currency VARCHAR; -- currency of the first that names one
ALTER TABLE sessions ADD COLUMN channel VARCHAR; -- channel group of its first page: Direct, Organic Search, Paid Social, ...
ALTER TABLE sessions ADD COLUMN device_type VARCHAR; -- of its first event that tells: mobile, tablet, desktop, ...
ALTER TABLE sessions ADD COLUMN os_name VARCHAR; -- of the same event
ALTER TABLE sessions ADD COLUMN browser VARCHAR; -- of the same event
ALTER TABLE sessions ADD COLUMN country VARCHAR; -- ISO 3166-1 code, of its first event that has a place
ALTER TABLE sessions ADD COLUMN region VARCHAR; -- of the same event
ALTER TABLE sessions ADD COLUMN city VARCHAR; -- of the same event
