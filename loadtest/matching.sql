-- matching: {people} people, three of ten of whom are written down a second time, with a field missing here and a
-- letter wrong there. Half of the names are Chinese. `person` is the truth; whoever matches must not read it.
COPY (
    WITH people AS (
        SELECT
            i AS person,
            (hash(i, {seed}) >> 1)::BIGINT AS h,
            (hash(i, {seed} + 1) >> 1)::BIGINT AS g,
            (hash(i, {seed} + 2) >> 1)::BIGINT AS k,
            i % 2 = 0 AS is_chinese
        FROM range({people}) AS t(i)
    ),
    named AS (
        SELECT
            *,
            CASE WHEN is_chinese
                THEN chr((19968 + ((h % 97) * (h % 97) // 40) * 7)::INTEGER)
                ELSE ['ber', 'cal', 'dor', 'mor', 'nel', 'pat', 'ros', 'ste', 'tam', 'wil'][h % 10 + 1]
                    || ['a', 'en', 'i', 'o', 'er', 'un', 'al', 'is', 'ow', 'ey'][(h // 10) % 10 + 1]
                    || ['son', 'man', 'ton', 'berg', 'ski', 'ley', 'worth', 'field', 'ner', 'dez'][(h // 100) % 10 + 1]
            END AS family,
            CASE WHEN is_chinese
                THEN chr((20992 + (g % 400) * 11)::INTEGER)
                    || CASE WHEN g % 3 > 0 THEN chr((24064 + (g // 400 % 500) * 11)::INTEGER) ELSE '' END
                ELSE ['an', 'be', 'ca', 'da', 'el', 'fi', 'ga', 'he', 'jo', 'ka', 'li', 'ma'][g % 12 + 1]
                    || ['na', 'ra', 'lia', 'mes', 'vin', 'tha', 'rine', 'bert', 'drew', 'ssa'][(g // 12) % 10 + 1]
            END AS given,
            DATE '1940-01-01' + (k % 24000)::INTEGER AS born,
            (13000000000 + (h // 7) % 6999999999)::VARCHAR AS phone,
            'user' || (g % 100000000)::VARCHAR || '@' || ['qq.com', 'gmail.com', '163.com', 'mail.example'][k % 4 + 1] AS email,
            ['elm', 'oak', '建国', '中山', 'park', 'hill', '人民', 'lake', '解放', 'river'][(h // 31) % 10 + 1]
                || ' ' || ['street', 'road', '路', 'lane'][(g // 31) % 4 + 1] || ' ' || ((k // 31) % 400)::VARCHAR AS street,
            (100000 + (k // 77) % 8000)::VARCHAR AS postcode,
            'city ' || ((k // 77) % 8000 // 20)::VARCHAR AS city
        FROM people
    ),
    copies AS (
        SELECT *, 0 AS copy FROM named
        UNION ALL
        SELECT *, 1 FROM named WHERE h % 10 < 3
    ),
    worn AS (SELECT *, (hash(person, copy, {seed} + 3) >> 1)::BIGINT AS w FROM copies)
    SELECT
        (row_number() OVER (ORDER BY w, person, copy))::BIGINT AS id,
        person,
        CASE WHEN copy = 1 AND w % 20 = 0 THEN NULL WHEN copy = 1 AND w % 20 = 1 THEN given || 'e' ELSE given END AS given,
        CASE WHEN copy = 1 AND (w // 20) % 20 = 0 THEN left(family, 3) ELSE family END AS family,
        CASE WHEN copy = 1 AND (w // 400) % 10 = 0 THEN NULL
            WHEN copy = 1 AND (w // 400) % 10 = 1 THEN strftime(born + 1, '%Y-%m-%d')
            ELSE strftime(born, '%Y-%m-%d')
        END AS birthday,
        CASE WHEN (w // 4000) % 10 < 4 THEN phone END AS phone,
        CASE WHEN (w // 40000) % 10 < 4 THEN email END AS email,
        CASE WHEN copy = 1 AND (w // 400000) % 10 = 0 THEN NULL ELSE street END AS street,
        CASE WHEN copy = 1 AND (w // 4000000) % 20 = 0 THEN NULL ELSE postcode END AS postcode,
        city
    FROM worn
    ORDER BY id
) TO '{target}' (FORMAT parquet)
