-- atoms: of all events those that say something of a visit.
CREATE OR REPLACE TEMP TABLE atoms AS
SELECT * FROM {atoms}
WHERE atom IN (
    SELECT unnest([opening, closing, named, entered, gone, campaigned, referred, landed, equipped, placed, paid])
    FROM found
)
