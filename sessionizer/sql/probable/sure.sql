-- sure: how many pairs are one person for certain, by rules that are each enough.
SELECT count(*) FROM ({pairs})
