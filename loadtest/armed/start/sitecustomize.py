"""Python imports this by itself at the start of every program whose PYTHONPATH names this folder."""

from loadtest.armed.hook import arm_imports

arm_imports()
