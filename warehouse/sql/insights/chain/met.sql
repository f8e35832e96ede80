-- met: the moments of the steps that come in the window of an event, whatever their order
SELECT {keys}, list_sort(list_filter([{next}], lambda t: t <= least(moment + {within}, bar))) AS met
FROM ahead
WHERE begins
