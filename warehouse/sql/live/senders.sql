-- senders: the newest event of each SDK that used a write key after a moment
SELECT
    dialect,
    library_name,
    arg_max(message_id, load_seq),
    arg_max(coalesce(event, type, ''), load_seq),
    arg_max(verdict, load_seq),
    arg_max(reason, load_seq),
    arg_max(pointer, load_seq),
    epoch_us(max(received_at))
FROM ({arrived})
WHERE key_id = $key AND dialect IS NOT NULL
GROUP BY ALL
ORDER BY 8
LIMIT 100
