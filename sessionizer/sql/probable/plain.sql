-- plain: letters and digits alone, in lower case and without accents; null where nothing is left.
CREATE OR REPLACE TEMP MACRO plain(x) AS
nullif(trim(regexp_replace(strip_accents(lower(x)), '[^\p{{L}}\p{{N}}]+', ' ', 'g')), '')
