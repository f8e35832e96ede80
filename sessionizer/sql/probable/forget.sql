-- forget: their rows as they were.
DELETE FROM lake.main.probable_edges WHERE rowid IN (SELECT handle FROM probable_outdated)
