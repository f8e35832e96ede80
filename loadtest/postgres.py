"""A PostgreSQL server of our own: on a free port of the loopback address, ended in any way there is."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from loadtest.errors import ProgramFailed
from loadtest.processes import free_port, wait_until

USER: Final = "sojourn"
PASSWORD: Final = "p@ss/word of tests"
QUOTED: Final = "p%40ss%2Fword%20of%20tests"
READY_S: Final = 60.0
ENDINGS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill": signal.SIGKILL}


class PostgresServer:
    """Made anew in a folder of its own, which `close` removes. `durable` off: no fsync, for tests."""

    def __init__(self, *, durable: bool = True) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="sojourn-postgres-"))
        self._log = self._folder / "log"
        self._settings = () if durable else ("-c", "fsync=off", "-c", "full_page_writes=off")
        self._process: subprocess.Popen[bytes] | None = None
        _own(self._folder)
        self._make()

    def url(self, database: str) -> str:
        """What SOJOURN_CATALOG is set to."""
        return f"postgresql://{USER}:{QUOTED}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make a database; returns its URL."""
        self.psql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def psql(self, sql: str, database: str = "postgres") -> str:
        """What one statement answers, as unaligned text."""
        at = ("-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database)
        command = (program("psql"), *at, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql)
        return self._run(command, PGPASSWORD=PASSWORD).strip()

    def holding(self, needle: bytes) -> list[str]:
        """The files of its data, apart from its log of what is written (pg_wal), that hold these bytes."""
        self.psql("CHECKPOINT")
        files = (path for path in sorted(self._data.rglob("*")) if path.is_file())
        return [
            str(path.relative_to(self._data))
            for path in files
            if "pg_wal" not in path.parts and needle in path.read_bytes()
        ]

    def start(self) -> None:
        """Start it and wait until it answers, also where processes of its last life still end."""
        wait_until("PostgreSQL to answer", self._answers, READY_S, every_s=0.05)

    def stop(self, ending: str = "fast") -> None:
        """End it as named in ENDINGS; returns when its first process is gone."""
        if self._process is not None:
            self._process.send_signal(ENDINGS[ending])
            self._process.wait(READY_S)
            self._process = None

    def freeze(self, frozen: bool) -> None:
        """Let its first process take no new connection, or take them again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def close(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        _own(secret)
        how = ("-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync")
        self._run((program("initdb"), "-D", str(self._data), *how, f"--pwfile={secret}"))

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._process = self._started()
        ready = (program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(ready, check=False, timeout=READY_S).returncode == 0

    def _started(self) -> "subprocess.Popen[bytes]":
        where = ("-D", str(self._data), "-p", str(self.port), "-k", str(self._folder))
        command = (program("postgres"), *where, "-c", "listen_addresses=127.0.0.1", *self._settings)
        with self._log.open("ab") as out:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._folder, **_as_nobody()
            )
        return process

    def _run(self, command: Sequence[str], **variables: str) -> str:
        options: dict[str, Any] = {"capture_output": True, "text": True, "cwd": self._folder, **_as_nobody()}
        done = subprocess.run(command, env={**os.environ, **variables}, check=False, **options)
        if done.returncode:
            raise ProgramFailed(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-500:]}")
        return str(done.stdout)

    @property
    def _data(self) -> Path:
        return self._folder / "data"


def program(name: str) -> str:
    """One of PostgreSQL's programs, which Debian keeps out of the path. ProgramFailed where it is missing."""
    if found := shutil.which(name):
        return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).is_file():
            return str(folder / name)
    raise ProgramFailed(f"{name} is missing: apt-get install postgresql")


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        with suppress(FileNotFoundError):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
