"""`python -m loadtest`: the commands that measure Sojourn from outside; with --json one line of JSON each."""

from loadtest.cli import root

if __name__ == "__main__":
    root(prog_name="python -m loadtest")
