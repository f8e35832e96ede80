import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sdk_contract.privacy import KeyGone
from sdk_contract.privacy.vault import PURPOSES
from warehouse.errors import SecretError
from warehouse.secrets import Secrets

NOW = 1_700_000_000_000_000


def opened(folder: Path) -> Secrets:
    return Secrets.open(folder / "secrets", lambda: NOW, os.urandom)


def test_a_key_for_each_purpose_is_made_once(tmp_path: Path) -> None:
    first, again = opened(tmp_path), opened(tmp_path)
    assert [key.purpose for key in first.list()] == list(PURPOSES) or len(first.list()) == len(PURPOSES)
    assert {key.purpose for key in first.list() if key.newest} == set(PURPOSES)
    assert first.list() == again.list()
    assert first.vault().hash("a", "b") == again.vault().hash("a", "b")


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    folder = opened(tmp_path).folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.json")} == {0o600}


def test_programs_that_start_together_have_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: opened(tmp_path).list(), range(16)))
    assert all(keys == found[0] for keys in found)


def test_a_rotation_is_seen_by_who_looks_again(tmp_path: Path) -> None:
    ours, theirs = opened(tmp_path), opened(tmp_path)
    token, vault = theirs.vault().encrypt("ada"), theirs.vault()
    made = ours.rotate("encrypt")
    assert theirs.vault() is vault
    assert theirs.refresh()
    assert theirs.vault().encrypt("ada").split(":")[2] == made.id
    assert theirs.vault().decrypt(token) == "ada"
    assert not theirs.refresh()


def test_what_is_forgotten_is_gone_from_the_disk(tmp_path: Path) -> None:
    secrets = opened(tmp_path)
    old = next(key for key in secrets.list() if key.purpose == "encrypt")
    path = secrets.folder / f"encrypt-{old.id}.json"
    os.link(path, tmp_path / "inode")
    before, token = path.read_bytes(), secrets.vault().encrypt("ada")
    assert secrets.forget(old.id) == old
    assert not path.exists()
    after = (tmp_path / "inode").read_bytes()
    assert len(after) == len(before)
    assert before[-20:] not in after
    with pytest.raises(KeyGone):
        secrets.vault().decrypt(token)
    assert secrets.vault().decrypt(secrets.vault().encrypt("ada")) == "ada"


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda secrets: secrets.rotate("nonsense"), "hash, encrypt, quarantine would do"),
        (lambda secrets: secrets.rotate("suppress"), "would be let in again"),
        (lambda secrets: secrets.forget("nonsense"), "sojourn secret list"),
        (
            lambda secrets: secrets.forget(next(k.id for k in secrets.list() if k.purpose == "suppress")),
            "would be let in again",
        ),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, act, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SecretError, match=text):
        act(opened(tmp_path))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"id":"a","purpose":"hash","created_at":1,"secret":"YQ=="}']
)
def test_a_broken_file_stops_the_start(tmp_path: Path, content: bytes) -> None:
    folder = opened(tmp_path).folder
    (folder / "hash-broken.json").write_bytes(content)
    with pytest.raises(SecretError, match=r"hash-broken\.json"):
        opened(tmp_path)
