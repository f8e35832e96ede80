-- named: the two parts of each name; a Chinese name has its family name first, in one or two characters.
CREATE OR REPLACE TEMP TABLE named AS
WITH said_whole AS (
    SELECT
        id,
        plain(given) AS given,
        plain(family) AS family,
        plain(
            CASE WHEN contains(name, ',') THEN split_part(name, ',', 2) || ' ' || split_part(name, ',', 1) ELSE name END
        ) AS whole
    FROM said
),
split AS (
    SELECT
        id,
        given,
        family,
        whole,
        regexp_matches(whole, '\p{{Han}}') AS is_han,
        regexp_replace(whole, '[^\p{{Han}}]', '', 'g') AS han,
        regexp_extract(han, '^(?:{compound}|.)') AS han_family,
        string_split(whole, ' ') AS words
    FROM said_whole
)
SELECT
    id,
    coalesce(
        given,
        CASE
            WHEN is_han THEN nullif(han[length(han_family) + 1:], '')
            WHEN len(words) > 1 OR family IS NULL THEN words[1]
        END
    ) AS given,
    coalesce(family, CASE WHEN is_han THEN han_family WHEN len(words) > 1 THEN words[-1] END) AS family
FROM split
