"""The commands, run as a person runs them, with every kind of wrong input."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from collector.command import Commands
from tests.warehouse.lakes import NOON, Site, event
from tests.warehouse.test_customers import fill
from tests.warehouse.test_load import put_segment
from warehouse.cli.explain import explain
from warehouse.cli.keys import key
from warehouse.cli.query import sql, timeline
from warehouse.cli.state import check

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(Path(tmp_path_factory.mktemp("data")))
    site.land(
        [
            event("m1", user_id="lin", properties='{"price":1.50}'),
            event("bad", verdict="rejected", reason="bad_time"),
        ]
    )
    site.land([event("m1"), event("m2")])
    with site.writer() as lake:
        site.load(lake)
        fill(lake)
    return site


@pytest.fixture
def run(site: Site) -> Run:
    group = Commands("sojourn", commands={"key": key, "sql": sql, "timeline": timeline, "check": check})
    group.add_command(explain)

    def run(*args: str, data: str = site.settings.data) -> Result:
        return CliRunner().invoke(group, [*args, "--data", data], catch_exceptions=False)

    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_key_is_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    data = str(tmp_path / "new")
    made = answer(run("key", "create", "shop", "--name", "web", "--ip", "drop", "--json", data=data))
    assert (made["project"], made["ip_policy"], made["revoked_at"]) == ("shop", "drop", None)
    assert answer(run("key", "list", "--json", data=data)) == [made]
    assert made["write_key"] in run("key", "list", data=data).stdout
    assert answer(run("key", "revoke", made["id"], "--json", data=data))["revoked_at"].endswith("Z")


def test_sql_prints_objects_with_iso_times_and_digits_as_sent(run: Run) -> None:
    columns = "load_seq, timestamp, event_day, properties, NULL AS none"
    result = run("sql", f"SELECT {columns} FROM events WHERE message_id = 'm1'", "--json")
    assert '"properties":{"price":1.50}' in result.stdout
    assert answer(result) == [
        {
            "load_seq": 1,
            "timestamp": "2026-11-21T12:00:00Z",
            "event_day": "2026-11-21",
            "properties": {"price": 1.5},
            "none": None,
        }
    ]
    assert answer(run("sql", "SELECT 1 WHERE false", "--json")) == []


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT 1.50::DECIMAL(9, 2) AS v", 1.5),
        ("SELECT 'nan'::DOUBLE AS v", None),
        ("SELECT [1, 2] AS v", [1, 2]),
        ("SELECT {'a': TIMESTAMPTZ '2026-11-21 00:00:00+00'} AS v", {"a": "2026-11-21T00:00:00Z"}),
        ("SELECT '\\xAA'::BLOB AS v", "aa"),
        ("SELECT INTERVAL 90 MINUTE AS v", "1:30:00"),
        ("SELECT uuid '00000000-0000-0000-0000-000000000001' AS v", "00000000-0000-0000-0000-000000000001"),
        ("SELECT 170141183460469231731687303715884105727 AS v", 2**127 - 1),
        ("SELECT MAP {'k': 1} AS v", {"k": 1}),
        ("SELECT TIME '01:02:03' AS v", "01:02:03"),
    ],
)
def test_sql_prints_values_of_every_kind(run: Run, query: str, value: Any) -> None:
    assert answer(run("sql", query, "--json")) == [{"v": value}]


def test_sql_prints_a_table_and_csv(run: Run) -> None:
    table = run("sql", "SELECT message_id, load_seq FROM events ORDER BY 2").stdout.splitlines()
    assert table == ["message_id  load_seq", "----------  --------", "m1          1", "m2          4"]
    csv = run("sql", "SELECT message_id, properties FROM events WHERE message_id = 'm1'", "--csv")
    assert csv.stdout.splitlines() == ["message_id,properties", 'm1,"{""price"":1.50}"']


def test_a_long_table_says_that_it_is_cut(run: Run) -> None:
    result = run("sql", "SELECT range AS n FROM range(1001)")
    assert "only the first 1000 rows" in result.stderr
    assert len(result.stdout.splitlines()) == 1002
    assert len(answer(run("sql", "FROM range(1001)", "--json"))) == 1001


@pytest.mark.parametrize(
    "query", ["SHOW TABLES", "DESCRIBE events", "SUMMARIZE events", "EXPLAIN SELECT 1", "FROM events"]
)
def test_sql_reads_in_many_ways(run: Run, query: str) -> None:
    assert run("sql", query).exit_code == 0


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("DROP TABLE events", "expected a SELECT, not DROP"),
        ("INSERT INTO cursors VALUES ('x', 1, NULL, NULL)", "expected a SELECT, not INSERT"),
        ("SELECT 1; SELECT 2", "not 2 statements"),
        ("", "not 0 statements"),
        ("selec", "syntax error"),
        ("SELECT nope FROM events", '"nope" not found'),
        ("SELECT error('late') FROM range(3)", "late"),
        ("SELECT * FROM read_text('/etc/hostname')", "file system operations are disabled"),
        ("FROM '/etc/hostname'", "/etc/hostname"),
        ("COPY (SELECT 1) TO 'x'", "expected a SELECT, not COPY"),
        ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'", "expected a SELECT, not COPY"),
        ("SET threads = 1", "expected a SELECT, not SET"),
        ("SELECT * FROM sqlite_scan('registry.sqlite', 'settings')", "sqlite_scan is closed"),
        (
            "SELECT * FROM \"sqlite_scan\" /* hidden */ ('registry.sqlite', 'settings')",
            "sqlite_scan is closed",
        ),
        ("FROM query('DELETE FROM events')", "query is closed"),
        ("CALL lake.set_option('target_file_size', '1MB')", "expected a SELECT, not CALL"),
    ],
)
def test_sql_that_is_no_question_gets_one_line(run: Run, query: str, text: str) -> None:
    result = run("sql", query)
    assert result.exit_code == 1
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_column_named_query_is_no_function(run: Run) -> None:
    assert answer(run("sql", "SELECT 'sqlite_scan(' AS query -- query(\n", "--json")) == [
        {"query": "sqlite_scan("}
    ]


def test_check_prints_the_books_and_its_exit_code_tells(run: Run, site: Site) -> None:
    terms = ("received", "stored", "duplicate", "rejected", "filtered", "damaged", "pending", "difference")
    said = answer(run("check", "--json"))
    assert said.pop("journal") == str(site.settings.folders.journal.absolute())
    assert said == dict(zip(terms, (4, 2, 1, 1, 0, 0, 0, 0), strict=True))
    split = answer(run("check", "--json", "--by", "key,hour"))["by"]
    assert [part["hour"] for part in split] == ["2026-11-21T12:00:00Z"]
    assert "total" in run("check", "--by", "hour").stdout
    assert run("check", "--by", "day").exit_code == 2
    (site.settings.folders.journal / "n-w0").mkdir(parents=True)
    assert run("check", "--deep").exit_code == 0


def test_check_fails_when_the_books_do_not_balance(run: Run, tmp_path: Path) -> None:
    other = Site(tmp_path)
    key = other.land([event("a"), event("b")])
    other.store.delete(key)
    result = run("check", "--json", data=str(tmp_path))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["difference"] == 2
    assert "1 of 1 keys and hours do not close" in run("check", data=str(tmp_path)).stderr


def test_a_timeline_is_the_json_of_the_contract(run: Run) -> None:
    found = answer(run("timeline", "lin", "--json"))
    assert list(found) == ["customer_id", "identities", "sessions", "next"]
    assert list(found["identities"][0]) == ["kind", "value", "first_seen", "evidence"]
    assert "customer c_lin" in run("timeline", "lin").stdout


def test_explain_follows_an_event_through_the_house(run: Run, site: Site) -> None:
    stored, again = answer(run("explain", "m1", "--json"))
    assert (stored["stage"], stored["verdict"], stored["table"], stored["load_seq"]) == (
        "lake",
        "ok",
        "events",
        1,
    )
    assert stored["object"].endswith(f"{stored['segment']}.parquet")
    assert (again["verdict"], again["table"], again["load_seq"]) == ("duplicate", "duplicates", 3)
    (bad,) = answer(run("explain", "bad", "--json"))
    assert (bad["verdict"], bad["reason"], bad["customer"]) == ("rejected", "bad_time", None)
    key = site.land([event("m9")])
    (landed,) = answer(run("explain", "m9", "--json"))
    assert (landed["stage"], landed["object"], landed["record"]) == ("landing", key, 0)
    segment = put_segment(site.settings.folders.journal, "n-w0", 90, NOON)
    (waiting,) = answer(run("explain", "batch-0", "--json"))
    assert (waiting["stage"], waiting["segment"], waiting["index"]) == ("journal", segment, 0)


def test_explain_names_session_and_customer(run: Run, tmp_path: Path) -> None:
    other = Site(tmp_path)
    other.land([event("m4", anonymous_id="d2", user_id="lin", timestamp=NOON - 3_600_000_000)])
    with other.writer() as lake:
        other.load(lake)
        fill(lake)
    (found,) = answer(run("explain", "m4", "--json", data=str(tmp_path)))
    assert (found["session"], found["customer"]) == ("s_3", "c_lin")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("timeline", "nobody"), "nothing is known under 'nobody'"),
        (("explain", "nothing"), "no event 'nothing'"),
        (("key", "revoke", "k_0"), "no key 'k_0'"),
        (("key", "create", "two words"), "project is 'two words'"),
    ],
)
def test_what_is_not_there_gets_one_line(run: Run, args: tuple[str, ...], text: str) -> None:
    result = run(*args)
    assert result.exit_code == 1
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("args", [("sql", "SELECT 1"), ("timeline", "x"), ("check",)])
def test_a_folder_without_data_is_named(run: Run, tmp_path: Path, args: tuple[str, ...]) -> None:
    result = run(*args, data=str(tmp_path / "none"))
    assert result.exit_code == 1
    assert f"sojourn up --data {tmp_path / 'none'}" in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", [key, sql, timeline, check, explain])
def test_every_command_has_help(command: click.Command) -> None:
    assert len(CliRunner().invoke(command, ["--help"]).output.splitlines()) > 3


def test_a_key_has_a_rate_of_its_own_or_what_the_setting_says(run: Run, tmp_path: Path) -> None:
    data = str(tmp_path / "new")
    made = answer(run("key", "create", "shop", "--rate", "500", "--json", data=data))
    assert made["rate"] == 500.0
    for said, rate in (("0", 0.0), ("default", None), ("0.5", 0.5)):
        assert answer(run("key", "set", made["id"], "--rate", said, "--json", data=data))["rate"] == rate
    assert "0.5" in run("key", "list", data=data).stdout
    for said in ("-1", "nan", "inf", "much"):
        refused = run("key", "set", made["id"], "--rate", said, data=data)
        assert refused.exit_code != 0
        assert "rate" in refused.output
    assert answer(run("key", "list", "--json", data=data))[0]["rate"] == 0.5
