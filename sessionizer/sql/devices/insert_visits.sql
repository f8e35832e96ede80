-- insert_visits: and puts them in again as whose they are.
INSERT INTO lake.main.sessions
SELECT v.* EXCLUDE (handle) REPLACE (new_key AS identity_key)
FROM moved_visits AS v JOIN repointed USING (handle)
