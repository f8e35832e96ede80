-- own: the sessions of a customer, in a table of their own because a profile reads them in many ways.
CREATE OR REPLACE TEMP TABLE own AS
SELECT *
FROM (
    {sessions}
)
