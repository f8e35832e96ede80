"""Load, truth and proof: seeded traffic, and the commands that measure the other programs from outside."""
