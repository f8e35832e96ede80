"""Looks locked releases up in the public list of vulnerabilities; says plainly when it cannot be reached."""

import subprocess
import sys

UNREACHABLE = ("ConnectionError", "Max retries", "ServiceError", "HTTPError", "timed out", "Failed to query")


def audit(lock: str) -> int:
    """0: nothing known, 1: vulnerable or broken, 2: the list could not be asked."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
    ]
    answer = subprocess.run([*command, "--requirement", lock], capture_output=True, text=True, check=False)
    if answer.returncode and any(sign in answer.stderr for sign in UNREACHABLE):
        print(
            f"{lock}: NOT AUDITED, the list of vulnerabilities cannot be reached from here", file=sys.stderr
        )
        return 2
    print(f"{lock}:\n{answer.stdout}{answer.stderr}".rstrip())
    return 1 if answer.returncode else 0


if __name__ == "__main__":
    sys.exit(max(map(audit, sys.argv[1:]), default=0))
