-- parts: each part of a table that is kept in a file of its own, its rows and what they are.
SELECT {part} AS part, count(*) AS rows, bit_xor(hash(now))::VARCHAR AS fingerprint
FROM ({now}) AS now
GROUP BY 1
ORDER BY 1
