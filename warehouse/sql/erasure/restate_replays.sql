-- restate_replays: what a replay moved and is filtered now.
UPDATE replays
SET verdict = 'filtered'
WHERE load_seq IN (SELECT load_seq FROM erasing_moves WHERE after = 3)
