"""Python imports this by itself at the start of every program whose PYTHONPATH names this folder."""

from loadtest.slowed.disk import slow_down

slow_down()
