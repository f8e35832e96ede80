"""Programs under test whose disk is slow: every fdatasync of a worker takes as long as such a disk would."""
