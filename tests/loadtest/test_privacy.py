"""The search finds what is there in every spelling, the requests are what they claim to be, and the smallest
whole form holds with the strict policy and fails without one."""

import gzip
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loadtest.leaks import Search, Watch
from loadtest.personal import CASES, KNOWN, plan_files
from loadtest.privacy import people, requests, seeded
from sdk_contract.plan import compile, read_plan
from sdk_contract.privacy import PRESETS, scrub
from sdk_contract.privacy.checksums import is_card, is_id_number, is_uscc
from sdk_contract.privacy.policy import PII_CLASSES
from tests.sdk_contract.privacy.keys import VAULT

PEOPLE = people(7)


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(PEOPLE.values())


def test_no_two_people_share_a_value() -> None:
    values = [value for person in PEOPLE.values() for kind, value in person.values() if kind != "birthday"]
    assert len(set(values)) == len(values)
    for person in PEOPLE.values():
        assert is_card(person.card)
        assert is_id_number(person.id_number)
        assert is_uscc(person.uscc)


@pytest.mark.parametrize("kind", [kind for kind, _ in PEOPLE["good"].values()])
def test_a_value_is_found_however_it_is_written(search: Search, kind: str) -> None:
    value = str(getattr(PEOPLE["good"], kind))
    for text in (
        value,
        value.upper(),
        value.lower(),
        quote(value),
        quote(quote(value, safe="")),
        json.dumps(value),
    ):
        assert {needle.value for needle in search.needles_in(f"x{text}y".encode())} == {value}
    for before in range(3):
        packed = b64encode(b"a" * before + value.encode() + b"bcd")
        assert {needle.kind for needle in search.needles_in(packed)} == {kind}


def test_what_is_not_seeded_is_not_found(search: Search) -> None:
    other = people(8)["good"]
    assert search.needles_in(" ".join(value for _, value in other.values()).encode()) == set()


def test_what_is_packed_in_parquet_is_found(search: Search, tmp_path: Path) -> None:
    person = PEOPLE["packed"]
    table = pa.table({"n": [1], "raw": [person.text], "list": [[{"a": person.ip}]]})
    pq.write_table(table, tmp_path / "x.parquet", compression="zstd")
    search.look_at(tmp_path / "x.parquet", "x")
    assert {(leak.needle.kind, leak.place) for leak in search.leaks} >= {
        ("text", "x, column raw"),
        ("ip", "x, column list"),
    }
    search.leaks.clear()


def test_a_file_that_is_gone_in_the_end_was_read(search: Search, tmp_path: Path) -> None:
    with Watch(tmp_path, search, every_s=3600) as watch:
        path = tmp_path / "1.open"
        path.write_bytes(b"x" * 100 + b"\0" * 1000)
        watch.look()
        path.write_bytes(b"x" * 100 + PEOPLE["cut"].email.encode() + b"\0" * 900)
        watch.look()
        path.unlink()
        watch.look()
    assert {leak.needle.kind for leak in search.leaks} == {"email"}
    assert watch.files == 1
    search.leaks.clear()


def test_every_case_sends_what_is_seeded(search: Search) -> None:
    cases = {needle.case for needle in seeded(search, requests(PEOPLE, "wk_x"))}
    assert cases == set(CASES)


def test_the_plan_gives_every_value_its_class() -> None:
    plan = compile(read_plan(plan_files("1.0.0", "number")))
    classes = plan.pii("track", "Order Placed")
    assert set(plan.pii("identify", None).values()) == set(PII_CLASSES)
    assert classes["receiver", "name"] == classes["parties", "*", "han_name"] == "name"
    assert plan.consent("track", "Newsletter Read") == "marketing"


def test_the_detectors_leave_nothing_that_they_know(search: Search) -> None:
    for case in ("page", "ids", "keys", "text", "escaped", "alias"):
        (asked,) = CASES[case](PEOPLE[case], "wk_x")
        assert search.needles_in(asked.body)
        left = search.needles_in(scrub(asked.body, PRESETS["strict"], VAULT))
        assert {needle.kind for needle in left} <= {"ip", "ip6"}
    assert set(KNOWN) == {"email", "phone", "id_number", "uscc", "card", "ip", "ip6"}


def test_a_packed_case_is_packed() -> None:
    (asked,) = CASES["packed"](PEOPLE["packed"], "wk_x")
    assert PEOPLE["packed"].name.encode() in gzip.decompress(asked.body)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 0), pytest.param(("--policy", "none", "--ip-policy", "keep"), 1, marks=pytest.mark.slow)],
)
def test_the_smallest_whole_form(arguments: tuple[str, ...], code: int) -> None:
    command = [sys.executable, "-m", "loadtest", "privacy", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode, found["held"]) == (code, code == 0), done.stderr
    assert found["seeded"] > 400
    assert (found["ips_found"] == 0) == (found["pii_found"] == 0) == (code == 0)
    assert min(found["stored"], found["rejected"], found["filtered"], found["replayed"]) > 0
