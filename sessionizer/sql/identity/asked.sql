-- asked: keys of the ids whose state this run has to know: those named, and those of the sessions that change.
CREATE OR REPLACE TEMP TABLE asked AS
SELECT identity_key FROM said
UNION
SELECT identity_key FROM born
UNION
SELECT identity_key FROM gone
{aliased}
