-- is_blocked: whether people said that the two ids of a pair are not one person's.
EXISTS (
    SELECT 1 FROM decided AS d
    WHERE d.decision = 'block'
        AND ((d.left_key = news.left_key AND d.right_key = news.right_key)
            OR (d.left_key = news.right_key AND d.right_key = news.left_key))
)
