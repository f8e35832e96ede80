"""Programs under test that kill themselves: at a chosen call of a chosen step, when they are ordered to."""
