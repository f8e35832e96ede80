-- once: what no rule looks at is kept once, though its pair stands there for each day.
QUALIFY NOT (is_member OR is_blocked)
    OR row_number() OVER (PARTITION BY left_key, right_key, is_member, is_blocked ORDER BY load_seq) = 1
