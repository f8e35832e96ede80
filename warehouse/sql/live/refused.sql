-- refused: the bytes of an event that was refused
SELECT type, raw FROM rejected WHERE message_id = ? ORDER BY load_seq DESC LIMIT 1
