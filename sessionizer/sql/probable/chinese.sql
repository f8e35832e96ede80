-- chinese: every name that is written in Chinese characters.
SELECT DISTINCT unnest([given, family]) AS han FROM named
WHERE regexp_matches(coalesce(given, '') || coalesce(family, ''), '\p{{Han}}')
ORDER BY han
