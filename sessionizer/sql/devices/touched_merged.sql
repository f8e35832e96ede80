-- touched_merged: of these, those where a user was blocked whose customer, or the device's, was merged away.
UNION
SELECT left_key
FROM near_edges
WHERE state = 'blocked' AND left_kind = 'anonymous_id' AND right_kind = 'user_id'
