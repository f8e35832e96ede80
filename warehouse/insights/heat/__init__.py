"""Where people click on a page, and how far down they come."""
