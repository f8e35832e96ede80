"""One writer, many readers, one data folder that may move."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.keys import identity_key
from tests.warehouse.lakes import NOON, Site, event, ids
from warehouse import extensions
from warehouse.errors import ExtensionMissing, LakeError, LakeLocked, LakeMissing
from warehouse.lake import Lake, connect, migrate
from warehouse.schema_docs import migrations
from warehouse.settings import WarehouseSettings

pytestmark = pytest.mark.usefixtures("made_lakes")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "data")


def test_migrations_apply_once(site: Site) -> None:
    with site.writer() as lake:
        assert migrate(lake) == []
        assert lake.query("SELECT name FROM schema_migrations ORDER BY name") == [
            (name,) for name in migrations()
        ]
    with site.writer() as lake:
        assert lake.query("SELECT count(*) FROM events") == [(0,)]


def test_a_lake_of_an_older_release_gets_what_came_since(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    older = dict(list(migrations().items())[:2])
    with monkeypatch.context() as patched:
        patched.setattr("warehouse.lake.migrations", lambda: older)
        with site.writer() as lake:
            lake.execute(
                "INSERT INTO events (load_seq, message_id, event_day) VALUES (1, 'old', '2026-11-20')"
            )
    with site.writer() as lake:
        site.land([event("new", country="CN")])
        site.load(lake)
        found = lake.query("SELECT message_id, country FROM events ORDER BY message_id")
        lake.execute("CALL ducklake_merge_adjacent_files('lake')")
    assert found == [("new", "CN"), ("old", None)]


def test_a_lake_of_a_newer_program_is_refused(site: Site) -> None:
    with site.writer() as lake:
        lake.execute("INSERT INTO schema_migrations VALUES ('9999_future.sql', now())")
    with pytest.raises(LakeError, match=r"9999_future\.sql"):
        site.writer()
    with site.reader() as lake:
        assert lake.query("SELECT count(*) FROM events") == [(0,)]


def test_a_second_writer_is_refused_and_the_lock_is_freed(site: Site) -> None:
    with site.writer(), pytest.raises(LakeLocked, match=r"writer\.lock is locked"):
        site.writer()
    site.writer().close()


def test_a_reader_needs_a_lake(site: Site) -> None:
    with pytest.raises(LakeMissing, match="there is no lake in"):
        site.reader()


def test_a_lake_that_is_being_made_is_not_there_yet(site: Site) -> None:
    site.settings.folders.lake.mkdir()
    site.settings.folders.catalog.write_bytes(b"")
    with pytest.raises(LakeMissing, match="is being made"):
        site.reader()


def test_a_catalog_that_is_none_is_an_error(site: Site) -> None:
    site.settings.folders.lake.mkdir()
    site.settings.folders.catalog.write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(LakeError, match="cannot open the lake"):
        site.reader()


def test_a_missing_wheel_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extensions._WHEELS, "ducklake", "duckdb-extension-nosuch")
    with pytest.raises(ExtensionMissing, match="pip install duckdb-extension-nosuch==1"):
        site.writer()
    monkeypatch.undo()
    site.writer().close()


def test_no_unsigned_extension_can_be_loaded_into_a_lake(site: Site, tmp_path: Path) -> None:
    """Also once the process has verified those it needs: the second lake loads them unverified."""
    signed = extensions.extension_file("sqlite_scanner").read_bytes()
    (tmp_path / "other.duckdb_extension").write_bytes(signed[:-256] + bytes(256))
    for _ in range(2):
        with site.writer() as lake, pytest.raises(duckdb.IOException, match="signature"):
            lake.execute(f"LOAD '{tmp_path / 'other.duckdb_extension'}'")


def test_a_wheel_for_another_duckdb_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    with pytest.raises(ExtensionMissing, match=r"no file for DuckDB 9\.9\.9; install it with"):
        extensions.extension_file("ducklake")


def test_a_data_folder_may_move(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.land([event("a")])
    site.load_all()
    (tmp_path / "data").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    for place in ("moved", str(tmp_path / "moved")):
        with connect(WarehouseSettings(data=place), read_only=True) as lake:
            assert ids(lake) == [(1, "a")]


def test_a_transaction_is_whole(site: Site) -> None:
    with site.writer() as lake:
        with pytest.raises(duckdb.CatalogException), lake.transaction():
            lake.execute("INSERT INTO cursors VALUES ('x', 1, NULL, now()); INSERT INTO nowhere VALUES (1)")
        assert lake.query("FROM cursors") == []


def test_threads_are_for_a_while(site: Site) -> None:
    with site.writer() as lake:
        threads = "SELECT current_setting('threads')"
        lake.execute("SET threads = 3")
        with lake.threads(1):
            assert lake.query(threads) == [(1,)]
        with pytest.raises(duckdb.InvalidInputException), lake.transaction(), lake.threads(1):
            lake.query("SELECT error('the transaction is aborted then')")
        assert lake.query(threads) == [(3,)]


def test_a_writer_keeps_the_memory_of_arrow(site: Site) -> None:
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.mimalloc_memory_pool())
    try:
        with site.writer():
            assert pa.default_memory_pool().backend_name == "system"
    finally:
        pa.set_memory_pool(pool)


def test_a_reader_sees_commits_of_another_process_and_one_snapshot_in_a_transaction(site: Site) -> None:
    """The reader is another process, as it is in life: it answers each line it is sent."""
    site.load_all()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, site.settings.data],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert reader.stdin is not None
    assert reader.stdout is not None

    def answer(command: str) -> str:
        print(command, file=reader.stdin, flush=True)
        return reader.stdout.readline().strip()  # type: ignore[union-attr]  # it is a pipe

    with site.writer() as lake, reader:
        answers = [answer("count"), answer("begin")]
        for number in range(3):
            site.land([event(f"m{number}", received_at=NOON + number)])
            site.load(lake)
            answers.append(answer("count"))
        answers += [answer("end"), answer("count")]
        reader.stdin.close()
    assert answers == ["0", "0", "0", "0", "0", "", "3"]


READER = """
import sys
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings
with connect(WarehouseSettings(data=sys.argv[1]), read_only=True) as lake:
    for line in sys.stdin:
        if line == "begin\\n":
            lake.execute("BEGIN")
        if line == "end\\n":
            lake.execute("COMMIT")
            print(flush=True)
            continue
        print(lake.query("SELECT count(length(message_id)) FROM events")[0][0], flush=True)
"""


texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Site(tmp_path_factory.mktemp("keys")).writer() as lake:
        yield lake


@settings(max_examples=50, deadline=None)
@given(texts, st.sampled_from(["anonymous_id", "user_id"]), texts)
def test_identity_keys_are_the_same_in_sql_and_python(
    lake: Lake, project: str, kind: str, value: str
) -> None:
    found = lake.query("SELECT identity_key(?, ?, ?)", [project, kind, value])
    assert found == [(identity_key(project, kind, value),)]
