-- since: the first row that was loaded after a moment (µs UTC); what was received after it has no smaller number
SELECT min(first_load_seq) FROM objects WHERE loaded_at >= make_timestamptz(?::BIGINT)
