"""What an SDK may say to Sojourn, and what Sojourn answers. Pure: no I/O, no clock, no randomness."""
