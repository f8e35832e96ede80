-- devices: what each device is, by the newest session that tells, the one used last first; sessions of servers have none,
-- and what stands for the device of an imported row is none.
SELECT
    device_id,
    arg_max(device_type, ended_at) AS device_type,
    arg_max(os_name, ended_at) AS os_name,
    arg_max(browser, ended_at) AS browser,
    min(started_at) AS first_seen,
    max(ended_at) AS last_seen,
    count(*) AS sessions
FROM own
WHERE device_id IS NOT NULL
    AND NOT starts_with(device_id, 'crm:')
    AND NOT starts_with(device_id, 'import:')
GROUP BY device_id
ORDER BY last_seen DESC, device_id
