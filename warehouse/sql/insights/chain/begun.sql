-- begun: what happened, and which of it begins a journey
SELECT *, {begins} AS begins
FROM happened
