-- reach: from when to when the events of a portion happened, µs UTC.
SELECT epoch_us(min(timestamp)), epoch_us(max(timestamp))
FROM lake.main.events
WHERE load_seq > {after} AND load_seq <= {until} AND is_bot IS NOT TRUE
