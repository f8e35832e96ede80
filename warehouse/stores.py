"""The store behind landing: one small protocol, create-only, with a local folder and S3 behind it."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import msgspec

from warehouse.errors import ObjectDamaged, ObjectMissing, StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

UNFINISHED = ".unfinished"
_BUSY_STATUS = frozenset({408, 409, 429, 500, 502, 503, 504})
_DIGEST = "sojourn-sha256"
# A store may take half a minute before it answers; one that swallowed a request is asked again after this.
_CONNECT_S, _ANSWER_S = 5.0, 45.0


class ObjectInfo(msgspec.Struct, frozen=True, order=True):
    """One object: its key, its size in bytes, and when it was put (µs UTC, by the store's clock)."""

    key: str
    size: int
    put_at: int = 0


class Store(Protocol):
    """Keys are relative paths. Methods raise `StoreUnavailable` (try again) or `StoreRefused` (mend it)."""

    def put_new(self, key: str, data: bytes) -> bool:
        """Creates the object, durable when this returns.

        False: it was there (durable now), and is unchanged.
        """

    def replace(self, key: str, data: bytes) -> None:
        """Puts the object in place of one that is damaged; durable when this returns."""

    def get(self, key: str) -> bytes:
        """The object whole. Raises `ObjectMissing`, and `ObjectDamaged` where it is not what was put."""

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and sorts behind `after`, in the order of their keys."""

    def exists(self, key: str) -> bool:
        """Whether the object is there."""

    def delete(self, key: str) -> None:
        """Removes the object; one that is not there is no error."""

    def local_path(self, key: str) -> Path | None:
        """The object's file where it has one on this machine."""


def open_store(url: str) -> Store:
    """A store by its address: a folder, or `s3://bucket/prefix?endpoint=http://host:port&region=…`."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return LocalStore(Path(url))
    options = dict(parse_qsl(parts.query))
    endpoint, region = options.pop("endpoint", None), options.pop("region", None)
    if options or not parts.netloc:
        raise StoreRefused(
            f"landing {url!r}: expected s3://bucket/prefix, with endpoint= and region= at most"
        )
    return S3Store(parts.netloc, parts.path.strip("/"), endpoint, region)


class LocalStore:
    """A folder. Objects appear whole or not at all: written aside, fsynced, then linked under their name."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self._number = itertools.count()
        self._durable: set[Path] = set()
        self._making = threading.Lock()

    def put_new(self, key: str, data: bytes) -> bool:
        with self._aside(key) as (aside, target):
            return _put_new(aside, target, data)

    def replace(self, key: str, data: bytes) -> None:
        with self._aside(key) as (aside, target):
            _write_durable(aside, data)
            aside.replace(target)
            _fsync(target.parent)

    @contextmanager
    def _aside(self, key: str) -> Iterator[tuple[Path, Path]]:
        """Where to write an object first, and the name that it gets then."""
        target = self._path(key)
        aside = self.root / UNFINISHED / f"{os.getpid()}-{next(self._number)}-{target.name}"
        try:
            self._make_folder(target.parent)
            self._make_aside(aside.parent)
            yield aside, target
        except OSError as problem:
            raise _of_os_error(problem, f"landing object {target}") from problem

    def get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as problem:
            raise ObjectMissing(f"landing object {key!r} is not in {self.root}") from problem
        except OSError as problem:
            raise _of_os_error(problem, f"landing object {key}") from problem

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        folder = prefix.rpartition("/")[0]
        return self._walk(f"{folder}/" if folder else "", prefix, after)

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as problem:
            raise _of_os_error(problem, f"landing object {key}") from problem

    def local_path(self, key: str) -> Path | None:
        return self._path(key)

    def _path(self, key: str) -> Path:
        if not key or key.startswith("/") or ".." in key.split("/"):
            raise StoreRefused(f"object key {key!r}: expected a relative path below the landing folder")
        return self.root / key

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[ObjectInfo]:
        for key, entry in _entries(self.root, folder):
            if entry.is_dir():
                if _may_hold(key, prefix) and key + "\U0010ffff" > after:
                    yield from self._walk(key, prefix, after)
            elif key.startswith(prefix) and key > after:
                found = entry.stat()
                yield ObjectInfo(key, found.st_size, found.st_mtime_ns // 1000)

    def _make_folder(self, folder: Path) -> None:
        """Also for a folder that is there: a crash may have left it without making it durable."""
        if folder in self._durable:
            return
        if folder == self.root:
            folder.mkdir(parents=True, exist_ok=True)
            _fsync_above(folder)
        else:
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            _fsync(folder.parent)
        self._durable.add(folder)

    def _make_aside(self, folder: Path) -> None:
        with self._making:
            if folder not in self._durable:
                self._make_folder(folder)
                _remove_leftovers(folder)


def _put_new(aside: Path, target: Path, data: bytes) -> bool:
    try:
        _write_durable(aside, data)
        created = _link_new(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    if not created:
        _fsync(target)
    _fsync(target.parent)
    return created


def _write_durable(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _entries(root: Path, folder: str) -> list[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(root / folder) as found:
            entries = [e for e in found if e.name != UNFINISHED]
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise _of_os_error(problem, f"landing folder {root / folder}") from problem
    return sorted((f"{folder}{e.name}{'/' if e.is_dir() else ''}", e) for e in entries)


def _may_hold(folder: str, prefix: str) -> bool:
    return folder.startswith(prefix) or prefix.startswith(folder)


def _remove_leftovers(folder: Path) -> None:
    """What a killed writer left aside has no name in landing: it is written again from its segment."""
    for left in folder.iterdir():
        left.unlink(missing_ok=True)


def _link_new(aside: Path, target: Path) -> bool:
    try:
        os.link(aside, target)
    except FileExistsError:
        return False
    return True


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync_above(folder: Path) -> None:
    """Makes durable every name on the way to the folder that this user may have made."""
    for parent in folder.absolute().parents:
        if not os.access(parent, os.R_OK | os.W_OK):
            return
        _fsync(parent)


def _of_os_error(problem: OSError, what: str) -> Exception:
    lasting = isinstance(problem, PermissionError | NotADirectoryError | IsADirectoryError)
    text = f"{what}: {problem.strerror or problem}"
    return (
        StoreRefused(f"{text}; give this user the right to write there")
        if lasting
        else StoreUnavailable(text)
    )


class S3Store:
    """A bucket of any S3. boto3 finds the credentials: environment, profile, or the machine's role."""

    def __init__(
        self, bucket: str, prefix: str = "", endpoint: str | None = None, region: str | None = None
    ) -> None:
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self._client: Any = _s3_client(endpoint, region)
        self._conditional = True

    def put_new(self, key: str, data: bytes) -> bool:
        if not self._conditional:
            return self._put_after_look(key, data)
        try:
            self._put(key, data, IfNoneMatch="*")
        except _AlreadyThereError:
            return False
        except _NotImplementedError:
            self._conditional = False
            return self._put_after_look(key, data)
        return True

    def _put_after_look(self, key: str, data: bytes) -> bool:
        """For servers without conditional writes. Safe: only one sink ever writes a segment's key."""
        if self.exists(key):
            return False
        self._put(key, data)
        return True

    def replace(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def _put(self, key: str, data: bytes, **conditions: str) -> None:
        self._call("put_object", key, Body=data, Metadata={_DIGEST: sha256(data).hexdigest()}, **conditions)

    def get(self, key: str) -> bytes:
        with _named_failures(f"{self.bucket}/{self.prefix}{key}"):
            found = self._call("get_object", key)
            body: bytes = found["Body"].read()
        if found["Metadata"].get(_DIGEST, (digest := sha256(body).hexdigest())) != digest:
            raise ObjectDamaged(f"s3://{self.bucket}/{self.prefix}{key} is not what was written there")
        return body

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        where = {"Bucket": self.bucket, "Prefix": self.prefix + prefix, "StartAfter": self.prefix + after}
        with _named_failures(f"{self.bucket}/{self.prefix}{prefix}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(**where):
                for found in page.get("Contents", ()):
                    put_at = round(found["LastModified"].timestamp() * 1e6)
                    yield ObjectInfo(found["Key"][len(self.prefix) :], found["Size"], put_at)

    def exists(self, key: str) -> bool:
        try:
            self._call("head_object", key)
        except ObjectMissing:
            return False
        return True

    def delete(self, key: str) -> None:
        self._call("delete_object", key)

    def local_path(self, key: str) -> Path | None:
        return None

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        with _named_failures(f"{self.bucket}/{self.prefix}{key}"):
            return getattr(self._client, operation)(Bucket=self.bucket, Key=self.prefix + key, **arguments)


class _AlreadyThereError(Exception):
    """412: the condition of a create-only write does not hold."""


class _NotImplementedError(Exception):
    """501: the server does not know conditional writes."""


def _s3_client(endpoint: str | None, region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_ANSWER_S,
        max_pool_connections=32,
        # Whoever calls tries again, and knows better when.
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)


@contextmanager
def _named_failures(what: str) -> Iterator[None]:
    """Turns boto3's errors into ours, with the object's name."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as problem:
        raise _of_client_error(problem, what) from problem
    except NoCredentialsError as problem:
        raise StoreRefused(
            f"s3://{what}: {problem}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from problem
    except BotoCoreError as problem:
        raise StoreUnavailable(f"s3://{what}: {problem}") from problem


def _of_client_error(problem: ClientError, what: str) -> Exception:
    status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = problem.response.get("Error", {}).get("Code", "")
    if status == 412:
        return _AlreadyThereError()
    if status == 501:
        return _NotImplementedError()
    if status == 404 and code != "NoSuchBucket":
        return ObjectMissing(f"s3://{what} is not there")
    if status in _BUSY_STATUS:
        return StoreUnavailable(f"s3://{what}: {problem}")
    return StoreRefused(f"s3://{what}: {problem}")
