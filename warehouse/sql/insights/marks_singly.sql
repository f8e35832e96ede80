-- marks_singly: each event that starts something or comes after
SELECT
        owner,
        moment,
        number,
        start,
        returns::BIGINT AS times,
        CASE WHEN returns THEN amount END AS amount,
        (returns AND amount IS NOT NULL)::BIGINT AS valued
    FROM happened
