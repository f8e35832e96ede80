"""A person erased from everything that is kept, and everything that is held about one written out."""
