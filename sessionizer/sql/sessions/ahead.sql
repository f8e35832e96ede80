-- ahead: how far the clock of a time zone is ahead of UTC at the beginning of some quarters of an hour, in µs.
SELECT epoch_us(timezone('{zone}', make_timestamptz(quarter * 900000000))) - quarter * 900000000 AS ahead
FROM quarters
ORDER BY quarter
