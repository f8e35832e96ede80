-- reached: how far each came, and when, by the journey that got there first
SELECT {keys}, {level} AS level, reach1.latest, {times}
FROM reach1
{joins}
