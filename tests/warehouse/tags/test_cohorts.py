"""Saved cohorts: from a list and from an answer, by the command line and by the writer that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sessionizer.incremental import stitch
from tests.warehouse.lakes import DAY, HOUR, NOON, Site, event, lake_of_writer
from warehouse.cli import cohort, filing, insight
from warehouse.cohorts import saving
from warehouse.cohorts.copies import restore
from warehouse.cohorts.gathering import listing, of_values
from warehouse.cohorts.saving import Wish, save
from warehouse.erasure.held import conditions, gather
from warehouse.erasure.subject import find_subject
from warehouse.insights.kinds import INSIGHTS
from warehouse.lake import Lake

DEVICES = 6


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Six devices that looked at something; every other one bought it."""
    site = Site(tmp_path_factory.mktemp("shop"))
    site.registry.create_key("shop", "web")
    looks = [event(f"v{n}", anonymous_id=f"d{n}", timestamp=NOON - DAY + n * HOUR) for n in range(DEVICES)]
    buys = [
        event(f"b{n}", anonymous_id=f"d{n}", timestamp=NOON - HOUR + n, event="Ordered")
        for n in range(0, DEVICES, 2)
    ]
    stitched(site, [*looks, *buys])
    with site.writer() as lake:
        for name, ids in (
            ("one", ["d1"]),
            ("a", ["d0", "d1", "d2"]),
            ("b", ["d1", "d2", "d3"]),
            ("c", ["d2", "d5"]),
        ):
            keys = of_values(lake, "shop", ids, "anonymous_id").keys
            with lake.transaction():
                save(lake, Wish("shop", name, keys=keys), "test", NOON)
    return site


def stitched(site: Site, rows: list[Any]) -> None:
    site.land(rows)
    with site.writer() as lake:
        site.load(lake)
        while stitch(lake, now=site.now).behind:
            pass


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (insight, cohort, filing):
        monkeypatch.setattr(module, "now", lambda: NOON)


def said(site: Site, *arguments: str, group: Any = cohort.cohort) -> Any:
    done = CliRunner().invoke(group, [*arguments, "--data", str(site.settings.folders.root), "--json"])
    assert done.exception is None, done.output
    return json.loads(done.stdout)


def asked(site: Site, *arguments: str) -> Any:
    return said(site, *arguments, group=insight.insight)


def test_a_list_is_saved_and_saved_again(site: Site, tmp_path: Path) -> None:
    ids = tmp_path / "ids.csv"
    ids.write_text("anonymous_id,note\nd1,x\nd2,\nd2,\nnobody,\n", "utf-8")
    assert said(site, "save", "listed", str(ids)) == {
        "cohort": "listed",
        "members": 2,
        "entered": 2,
        "left": 0,
    }
    assert asked(site, "trend", "*", "--where", "cohort: listed", "--measure", "units")["n"] == 2
    ids.write_text("d2\nd3\nd4\n", "utf-8")
    assert said(site, "save", "listed", str(ids)) == {
        "cohort": "listed",
        "members": 3,
        "entered": 2,
        "left": 1,
    }
    shown = said(site, "show", "listed")
    assert [one["left"] is None for one in shown["members"]] == [True, True, True, False]
    assert shown["cohort"]["description"] == "the list ids.csv"


def test_no_id_stays_in_the_registry(site: Site, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("d5\n", "utf-8")
    said(site, "save", "five", str(tmp_path / "ids"))
    (command, *_) = site.registry.commands()
    assert (command.kind, command.state) == ("cohort", "done")
    assert "keys" not in command.args
    with site.writer() as lake:  # handed out once more, after a kill
        assert saving.obey(lake, site.registry, command, now=site.now)["members"] == 1


def test_a_lake_that_was_made_anew_has_its_cohorts_again(site: Site) -> None:
    def cohorts(lake: Lake) -> list[Any]:
        members = "SELECT * FROM cohort_members WHERE cohort IN ('five', 'listed') ORDER BY ALL"
        rows = "SELECT * FROM cohorts WHERE cohort IN ('five', 'listed') ORDER BY ALL"
        return [*lake.query(rows), *lake.query(members)]

    with site.writer() as lake:
        before = cohorts(lake)
        erased = lake.query("SELECT identity_key FROM cohort_members WHERE cohort = 'five'")[0][0]
        lake.execute("DELETE FROM cohorts WHERE cohort IN ('five', 'listed')")
        lake.execute("DELETE FROM cohort_members WHERE cohort IN ('five', 'listed')")
        assert restore(lake, site.registry) == 2
        assert cohorts(lake) == before
        assert restore(lake, site.registry) == 0
        assert site.registry.clear_texts(lambda text: text.replace(str(erased), "0"))
        lake.execute("DELETE FROM cohorts WHERE cohort = 'five'")
        lake.execute("DELETE FROM cohort_members WHERE cohort = 'five'")
        restore(lake, site.registry)
        assert not lake.query("SELECT 1 FROM cohort_members WHERE cohort = 'five'")


def test_those_who_dropped_off_are_a_cohort_that_can_be_asked_again(site: Site) -> None:
    steps = ("Viewed", "Ordered", "--since", "5d", "--save-cohort", "left", "--again")
    answer = asked(site, "dropoff", *steps)
    assert {one["id"] for one in answer["who"]} == {
        one["customer"] for one in said(site, "show", "left")["members"]
    }
    assert len(answer["who"]) == DEVICES // 2
    assert said(site, "refresh", "left") == {"cohort": "left", "members": 3, "entered": 0, "left": 0}
    (found,) = (one for one in said(site, "list") if one["cohort"] == "left")
    assert (found["kind"], found["insight"], found["question"]["since"]) == ("question", "dropoff", "5d")


def test_as_many_are_saved_as_are_asked_for(site: Site) -> None:
    buyers = ("Ordered", "--since", "5d")
    asked(site, "rfm", *buyers, "--save-cohort", "best")
    assert len(said(site, "show", "best")["members"]) == DEVICES // 2
    asked(site, "rfm", *buyers, "--customers", "1", "--save-cohort", "best")
    assert [one["left"] is None for one in said(site, "show", "best")["members"]] == [True, False, False]


def test_every_question_that_lists_customers_can_list_as_many_as_it_says() -> None:
    found = {name: listing(INSIGHTS[name].question()) for name in ("dropoff", "rfm", "risk")}
    most = {name: getattr(one, "limit", getattr(one, "customers", 0)) for name, one in found.items()}
    assert (most["dropoff"], most["rfm"], most["risk"]) == (100_000, 100_000, 10_000)


def test_overlaps_add_up(site: Site) -> None:
    answer = asked(site, "overlap", "a", "cohort: b", "c")
    found = {tuple(one["cohorts"]): one["customers"] for one in answer["combinations"]}
    assert found == {
        ("a",): 1,
        ("a", "cohort: b"): 1,
        ("a", "cohort: b", "c"): 1,
        ("cohort: b",): 1,
        ("c",): 1,
    }
    assert answer["n"] == 5
    assert [(one["customers"], one["only"]) for one in answer["sizes"]] == [(3, 1), (3, 1), (2, 1)]
    assert [one["customers"] for one in answer["pairs"]] == [2, 1, 1]
    assert answer["pairs"][0]["jaccard"] == 0.5


def test_merged_customers_are_one_and_the_erased_are_gone(tmp_path: Path) -> None:
    site = Site(tmp_path)
    stitched(site, [event(f"m{n}", anonymous_id=f"d{n}") for n in range(3)])
    with site.writer() as lake:
        keys = [key for (key,) in lake.query("SELECT identity_key FROM identities")]
        with lake.transaction():
            assert save(lake, Wish("shop", "all", keys=keys), "test", NOON).members == 3
    stitched(site, [event("x0", anonymous_id="d0", user_id="u"), event("x1", anonymous_id="d1", user_id="u")])
    with lake_of_writer(site.settings) as lake:
        count = "SELECT count(*) FROM cohort_members WHERE left_at IS NULL"
        with lake.transaction():
            assert save(lake, Wish("shop", "all", keys=keys), "test", NOON).members == 2
        assert lake.query(count) == [(3,)]
        gather(lake, [find_subject(lake, "d2", "shop")])
        gone = dict(conditions(lake))
        assert {"tag_members", "tag_queue", "cohort_members"} <= gone.keys()
        lake.execute(f"DELETE FROM cohort_members WHERE {gone['cohort_members']}")
        with lake.transaction():
            assert save(lake, Wish("shop", "all"), "test", NOON).members == 1


@pytest.mark.parametrize(
    ("group", "arguments", "text"),
    [
        (cohort.cohort, ["show", "lissted"], "is not known here"),
        (cohort.cohort, ["save", "a:b", "pyproject.toml"], "would do as a name"),
        (cohort.cohort, ["save", "a", "no-such-file"], "cannot read no-such-file"),
        (cohort.cohort, ["refresh", "one"], "it has no question"),
        (insight.insight, ["overlap", "one"], "cohorts: 2 to 10 would do"),
        (insight.insight, ["overlap", "one", "two"], "cohort 'two' is not known"),
        (insight.insight, ["overlap", "one", "one", "--unit", "device"], "of customers as they are"),
        (
            insight.insight,
            ["dropoff", "Viewed", "Ordered", "--unit", "session", "--save-cohort", "x"],
            "unit 'session'",
        ),
    ],
)
def test_what_will_not_do_says_what_would(site: Site, group: Any, arguments: list[str], text: str) -> None:
    done = CliRunner().invoke(
        group, [arguments[0], "--data", str(site.settings.folders.root), *arguments[1:]]
    )
    assert text in str(done.exception)


def test_a_cohort_waits_for_what_was_filed_before(site: Site) -> None:
    rebuild = site.registry.file_command("rebuild", {}, by="test")
    done = CliRunner().invoke(cohort.cohort, ["drop", "one", "--data", str(site.settings.folders.root)])
    assert "waits behind others" in str(done.exception)
    site.registry.finish_command(rebuild, "done", {})


def test_a_cohort_that_is_dropped_is_forgotten(site: Site) -> None:
    said(site, "drop", "one")
    assert "one" not in {one["cohort"] for one in said(site, "list")}
