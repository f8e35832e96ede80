"""Reports: a board's answers over one week or month, as files that can be made again from their manifest."""
