-- told: message ids of imported rows, and whether an event was made of them.
SELECT message_id, true AS told FROM events WHERE starts_with(message_id, 'im-')
UNION ALL
SELECT message_id, verdict = 'filtered' AS told FROM rejected WHERE starts_with(message_id, 'im-')
