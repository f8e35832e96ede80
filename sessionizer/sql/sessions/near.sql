-- near: where the sessions of the touched subjects lie that are within reach of the new events. A span is a constant
-- range, so that the catalog's statistics leave out the files of other days; narrow, because it looks at most of a day.
CREATE OR REPLACE TEMP TABLE near AS
{spans}
