-- named: ids as the lives to which they belong.
UPDATE named
SET kind = named.kind || '@' || later.life, identity_key = identity_key(named.project, named.kind || '@' || later.life, named.value)
FROM (
    SELECT n, first_key, max(life) AS life
    FROM named
    JOIN rich USING (n)
    JOIN lives_borders ON first_key = named.identity_key AND rich.daily - day_before > ttl
    GROUP BY n, first_key
) AS later
WHERE named.n = later.n AND named.identity_key = later.first_key
