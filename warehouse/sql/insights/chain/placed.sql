-- placed: events with what a journey keeps to: its interval, its value of the breakdown; strictly: its place in line
SELECT {columns}
FROM {begun} AS h
{joins}
