-- touch: what has been reached, with the value of the first or last step that has one
SELECT r.*, {shown}
FROM reached AS r
LEFT JOIN (
    SELECT owner, {touched}
    FROM happened
    WHERE {is_step}
    GROUP BY owner
) AS touch USING (owner)
