"""Tables kept fresh as files: the manifest comes last, what is gone is gone, spreadsheets can read it."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from click.testing import CliRunner, Result

from loadtest.seaweed import BucketAt
from tests.warehouse.lakes import NOON, SECOND, Site
from tests.warehouse.published_lake import ALL, MAIL, change, expected, small_lake
from warehouse.cli.destination import destination
from warehouse.cli.publish import publish as command
from warehouse.errors import StoreUnavailable
from warehouse.landing import LocalStore, Store, open_store
from warehouse.publish import Choice, objects, publish, read_place
from warehouse.publish.errors import BadDestination, DestinationAway, DestinationRefused
from warehouse.publish.objects import Manifest
from warehouse.publish.place import password_of
from warehouse.publish.selecting import select
from warehouse.publish.tables import named
from warehouse.publish.turns import Program, Turn, _going


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return small_lake(tmp_path_factory.mktemp("lake"))


def out(site: Site, place: str | Path, choice: Choice = ALL) -> dict[str, int]:
    with site.reader() as lake:
        done = publish(lake, site.registry, read_place(str(place)), choice, NOON)
    return {put.table: put.changed for put in done.tables if put.changed}


def manifest(folder: Path) -> Manifest:
    return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)


def keys(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


def test_files_that_belong_together(site: Site, tmp_path: Path) -> None:
    out(site, tmp_path)
    first = manifest(tmp_path)
    assert {file.key for file in first.files} == keys(tmp_path)
    assert len([file for file in first.files if file.table == "sessions"]) == 2  # months
    files = f"{tmp_path}/sessions/*.parquet"
    rows = duckdb.execute(f"SELECT session_id, customer_id, events FROM '{files}' ORDER BY session_id")
    with site.reader() as lake:
        assert rows.fetchall() == expected(lake, "sessions", "session_id, customer_id, events")
    assert out(site, tmp_path) == {}
    with site.writer() as lake:
        change(
            lake,
            "DELETE FROM sessions WHERE session_id = 's_38'",
            "DELETE FROM tag_members WHERE tag = 'new'",
        )
    assert out(site, tmp_path).keys() == {"sessions", "tag_members"}
    # A month that did not change keeps its file; what is named no more is gone at once.
    assert {file.key for file in manifest(tmp_path).files} == keys(tmp_path)
    assert len(keys(tmp_path) & {file.key for file in first.files}) == len(first.files) - 2


def test_a_run_that_ends_leaves_the_last_one_whole(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Choice(tables=("sessions", "daily"))
    out(site, tmp_path, few)
    before = manifest(tmp_path)
    with site.writer() as lake:
        change(lake, "UPDATE sessions SET events = events + 100")
    puts: list[str] = []

    def put(self: LocalStore, key: str, data: bytes) -> bool:
        if key.startswith("turns/"):
            return whole(self, key, data)
        if puts:
            raise StoreUnavailable(f"landing object {key}: gone")
        puts.append(key)
        return whole(self, key, data)

    whole = LocalStore.put_new
    monkeypatch.setattr(LocalStore, "put_new", put)
    with pytest.raises(DestinationAway, match=r"^file sessions/2026-11"):
        out(site, tmp_path, few)
    assert manifest(tmp_path) == before
    assert all((tmp_path / file.key).is_file() for file in before.files)
    monkeypatch.undo()
    there = (tmp_path / puts[0]).stat().st_mtime_ns
    out(site, tmp_path, few)
    assert (tmp_path / puts[0]).stat().st_mtime_ns == there  # it goes on where it stood
    assert {file.key for file in manifest(tmp_path).files} == keys(tmp_path)


def test_csv_for_spreadsheets(site: Site, tmp_path: Path) -> None:
    few = Choice(
        tables=("customer_attributes", "events", "cohort_members"), days=3_000, format="csv", bom=True
    )
    out(site, tmp_path, few)
    files = {file.table: (tmp_path / file.key).read_bytes() for file in manifest(tmp_path).files}
    assert all(data.startswith(b"\xef\xbb\xbf") for data in files.values())
    texts = {name: data.decode("utf-8-sig") for name, data in files.items()}
    assert texts["customer_attributes"].startswith("project,customer_id,name,value,number,")
    assert ",'=1+1," in texts["customer_attributes"]
    assert ",'-buy," in texts["events"]
    assert ",2026-11-01 00:00:00," in texts["events"]
    assert "杭州" in texts["customer_attributes"]
    assert MAIL not in str(texts)


def test_what_is_not_ours_is_left_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(DestinationRefused, match="did not publish"):
        out(site, tmp_path)
    (tmp_path / "own.txt").rename(tmp_path / "manifest.json")
    with pytest.raises(DestinationRefused, match="did not write"):
        out(site, tmp_path)
    assert (tmp_path / "manifest.json").read_text() == "mine"


def taking_turns(site: Site, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine comes while this one puts its files; then one is silent, and is passed over."""
    few, here, there = Choice(tables=("sessions", "daily")), Program("a", 1), Program("b", 1)
    store, met = open_store(place), list[str]()
    whole, minute = type(store).put_new, 60 * SECOND

    def run(program: Program, at: int) -> None:
        with site.reader() as lake:
            objects.publish(lake, read_place(place), few, "own", at, None, program)

    def put(self: Any, key: str, data: bytes) -> bool:
        if key.startswith("sessions/") and not met:
            met.append(key)
            with pytest.raises(DestinationAway, match="another program publishes there right now"):
                run(there, NOON)
        return bool(whole(self, key, data))

    monkeypatch.setattr(type(store), "put_new", put)
    run(here, NOON)
    assert met
    named_files = {one.key for one in manifest_of(store).files}
    assert {one.key for one in store.list()} - named_files == {"manifest.json", "turns/000000000001.json"}
    run(there, NOON + minute)  # what is over may be followed at once
    silent = Turn(store, place, here, NOON + minute)
    with pytest.raises(DestinationAway):
        run(there, NOON + 30 * minute)
    run(there, NOON + 31 * minute)
    before = manifest_of(store)
    with pytest.raises(DestinationAway, match="has published there meanwhile"):
        silent.require()
    silent.end()
    run(here, NOON + 32 * minute)
    assert manifest_of(store).files == before.files
    late: list[str] = []

    def exists(self: Any, key: str) -> bool:
        if key.startswith("sessions/") and not late:
            late.append(key)
            run(there, NOON + 80 * minute)
        return bool(looked(self, key))

    looked = type(store).exists
    monkeypatch.setattr(type(store), "exists", exists)
    with pytest.raises(DestinationAway, match="has published there meanwhile"):
        run(here, NOON + 40 * minute)
    assert manifest_of(store).published_at == "2026-11-21T13:20:00+00:00"
    Turn(store, place, Program("a", 2**30), NOON + 81 * minute)
    run(here, NOON + 81 * minute)  # a program of this machine that is gone holds up nobody
    Turn(store, place, here, NOON + 82 * minute)
    _going.clear()
    run(here, NOON + 82 * minute)  # nor does what this one could not end


def manifest_of(store: Store) -> Manifest:
    return msgspec.json.decode(store.get("manifest.json"), type=Manifest)


@pytest.mark.slow
def test_two_machines_take_turns_at_a_folder(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking_turns(site, str(tmp_path), monkeypatch)


def test_of_two_that_take_one_turn_one_has_it(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    got: list[str] = []

    def take(name: str) -> None:
        with suppress(DestinationAway):
            Turn(store, "here", Program(name, 1), NOON)
            got.append(name)

    threads = [threading.Thread(target=take, args=(f"m{number}",)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == 1


@pytest.mark.s3
def test_a_bucket(site: Site, seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.secret_key)
    place = f"s3://{seaweed.bucket}/bi?endpoint={seaweed.endpoint_url}&region=us-east-1"
    few = Choice(tables=("sessions", "tag_members"))
    assert out(site, place, few)["sessions"]
    assert out(site, place, few) == {}
    taking_turns(site, place.replace("/bi?", "/turns?"), monkeypatch)
    with pytest.raises(DestinationAway):
        out(site, "s3://bucket/bi?endpoint=http://127.0.0.1:9&region=us-east-1", few)


def test_addresses_and_passwords(tmp_path: Path) -> None:
    place = read_place("postgresql://me:s%40cret@db:5433/bi?sslmode=require")
    assert str(place) == "postgresql://me@db:5433/bi?sslmode=require"
    assert place.database
    assert place.database.password.reveal() == "s@cret"
    assert "cret" not in repr(place)
    for wrong in ("mysql://x/y", "s3://KEY:SECRET@bucket/x", " "):
        with pytest.raises(BadDestination) as error:
            read_place(wrong)
        assert "SECRET@" not in str(error.value)
    file = tmp_path / "password"
    file.write_text("hush\n")
    file.chmod(0o644)
    with pytest.raises(BadDestination, match="others can read"):
        password_of(file, {})
    file.chmod(0o600)
    assert password_of(file, {"PGPASSWORD": "other"}) == "hush"
    assert password_of(None, {"PGPASSWORD": "other"}) == "other"


def test_quotes_in_names_of_segments_stay_text(site: Site) -> None:
    (table,) = named(("tag_members",))
    with site.reader() as lake:
        assert lake.query(select(table, Choice(segments=("vip' OR 1=1 --",)), NOON)) == []


def run(site: Site, *arguments: str, **environment: str) -> Result:
    group = {"publish": command, "destination": destination}[arguments[0]]
    folder = site.settings.data
    return CliRunner().invoke(group, [*arguments[1:], "--data", folder], env=environment)


def test_commands(site: Site, tmp_path: Path) -> None:
    done = run(site, "publish", "--to", str(tmp_path / "out"), "--tables", "sessions,daily", "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert [one["table"] for one in told["tables"]] == ["sessions", "daily"]
    assert "changed" in run(site, "publish", "--to", str(tmp_path / "out"), "--events", "9", "--once").stdout
    place = "postgresql://me@127.0.0.1:9/bi"
    made = run(site, "destination", "add", "bi", "--to", place, "--every", "5m", PGPASSWORD="hush-hush")
    assert made.exit_code == 0, made.output
    kept = site.settings.folders.secrets / "destination-bi"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("hush-hush", 0o600)
    assert "hush-hush" not in made.output + run(site, "destination", "list", "--json").stdout
    assert b"hush-hush" not in b"".join(
        path.read_bytes() for path in Path(site.settings.data).glob("registry*")
    )
    assert "not yet" in run(site, "destination", "list").stdout
    (listed,) = json.loads(run(site, "destination", "list", "--json").stdout)
    assert (listed["place"], listed["every"], listed["choice"]["schema"]) == (place, 300.0, "sojourn")
    assert run(site, "destination", "remove", "bi").exit_code == 0
    assert not kept.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("publish", "--to", "x", "--tables", "session"), "near it: 'sessions'"),
        (("publish", "--to", "x", "--segments", "vipp"), "near it: 'vip'"),
        (("publish", "--to", "x", "--schema", "A b"), "schema 'A b' will not do"),
        (("publish", "--to", "x", "--bom"), "--format csv"),
        (("publish", "--to", "x", "--every", "soon"), "60s, 5m or 1h would do"),
        (("publish", "--tables", "sessions"), "say where with --to"),
        (("destination", "add", "Ä", "--to", "x"), "small letters"),
        (("destination", "remove", "no"), "there is no destination 'no'"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_meant(
    site: Site, arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(site, *arguments)
    assert done.exit_code
    assert said in done.output + str(done.exception)
    assert not any(tmp_path.iterdir())
