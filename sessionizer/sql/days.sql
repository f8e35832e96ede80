-- whole: every event of these days.
CREATE OR REPLACE TEMP VIEW whole AS
SELECT * FROM moments WHERE event_day BETWEEN DATE '{first_day}' AND DATE '{last_day}'
