"""Actions by rule: who entered what a rule waits for is told to a destination, once."""
