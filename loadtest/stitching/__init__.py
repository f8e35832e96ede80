"""What sessions and customers cost: each step in a process of its own, over a lake that Sojourn loaded."""
