-- times: when these events happened.
SELECT load_seq, timestamp FROM events WHERE load_seq IN (SELECT unnest($numbers))
