"""Questions that analysts ask. Each is a frozen struct, runs as one SQL statement, and has a typed answer.

`kinds` has all of them; whoever needs one takes it from its own module, so that a program loads no more.
"""
