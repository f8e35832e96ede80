-- moved_visits: the sessions that have another owner now, as they were.
CREATE OR REPLACE TEMP TABLE moved_visits AS
{parts}
