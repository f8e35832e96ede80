"""Looks locked releases up in the public list of vulnerabilities; says plainly when it cannot be reached."""

import subprocess
import sys

# When the list answers "not found" to everything, pip-audit still ends with 0 and "No known vulnerabilities".
UNANSWERED = "could not be audited"
UNREACHABLE = ("ConnectionError", "Max retries", "ServiceError", "HTTPError", "timed out", "Failed to query")
AUDIT = (sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off")


def audit(lock: str) -> int:
    """0: nothing known, 1: vulnerable or broken, 2: the list did not answer for some or all releases."""
    answer = subprocess.run([*AUDIT, "--requirement", lock], capture_output=True, text=True, check=False)
    if answer.returncode and any(sign in answer.stderr for sign in UNREACHABLE):
        return not_audited(lock, "the list of vulnerabilities cannot be reached from here")
    if not answer.returncode and (unanswered := answer.stdout.count(UNANSWERED)):
        return not_audited(lock, f"the list of vulnerabilities does not answer for {unanswered} releases")
    print(f"{lock}:\n{answer.stdout}{answer.stderr}".rstrip())
    return 1 if answer.returncode else 0


def not_audited(lock: str, reason: str) -> int:
    print(f"{lock}: NOT AUDITED, {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(max([audit(lock) for lock in sys.argv[1:]], default=0))
