-- people: the records as they are compared: one way of writing, a Chinese name by its sound as well.
CREATE OR REPLACE TEMP TABLE people AS
WITH digits AS (
    SELECT
        id,
        regexp_extract(birthday, '(\d{{4}})\D{{0,2}}(\d{{1,2}})\D{{0,2}}(\d{{1,2}})', ['y', 'm', 'd']) AS iso,
        regexp_extract(birthday, '^\D*(\d{{1,2}})\D(\d{{1,2}})\D(\d{{4}})', ['d', 'm', 'y']) AS day_first,
        regexp_replace(phone, '[^\p{{N}}]', '', 'g') AS dialled,
        regexp_matches(phone, '\p{{L}}') AS phone_is_token,
        plain(street) AS street
    FROM said
),
dated AS (
    SELECT
        *,
        CASE WHEN day_first.y <> '' THEN day_first.y ELSE iso.y END AS y,
        CASE WHEN day_first.y <> '' THEN day_first.m ELSE iso.m END AS m,
        CASE WHEN day_first.y <> '' THEN day_first.d ELSE iso.d END AS d
    FROM digits
)
SELECT
    id,
    coalesce(g.latin, named.given) AS given,
    g.han AS given_han,
    coalesce(f.latin, named.family) AS family,
    coalesce(nullif(y || lpad(m, 2, '0') || lpad(d, 2, '0'), '0000'), plain(said.birthday)) AS birthday,
    nullif(regexp_replace(lower(said.official), '[^\p{{L}}\p{{N}}]', '', 'g'), '') AS official,
    CASE WHEN phone_is_token THEN said.phone WHEN length(dialled) >= 6 THEN right(dialled, 10) END AS phone,
    nullif(lower(trim(said.email)), '') AS email,
    CASE WHEN contains(said.email, '@')
        THEN nullif(regexp_replace(lower(trim(split_part(said.email, '@', 1))), '\+.*$', ''), '')
    END AS mailbox,
    plain(regexp_replace(dated.street, '\b\d+\b', ' ', 'g')) AS street,
    plain(said.street2) AS street2,
    coalesce(plain(said.number), nullif(regexp_extract(dated.street, '\d+'), '')) AS number,
    plain(said.city) AS city,
    plain(said.postcode) AS postcode,
    plain(said.region) AS region,
    CASE WHEN len(said.fingerprints) > 0 THEN said.fingerprints END AS fingerprints,
    CASE WHEN len(said.networks) > 0 THEN said.networks END AS networks
FROM said
JOIN named USING (id)
JOIN dated USING (id)
LEFT JOIN sounds AS g ON g.han = named.given
LEFT JOIN sounds AS f ON f.han = named.family
ORDER BY id
