"""How texts sound: the list by examples, the insight by hand-written days, and whose texts are shown."""

import json
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.errors import BadQuestion
from warehouse.insights.feeling import scorer, scorers
from warehouse.insights.feeling.lexicon import Lexicon
from warehouse.insights.sentiment import Sentiment, sentiment
from warehouse.insights.survey import Survey, survey
from warehouse.lake import Lake
from warehouse.registry import Registry

DAY = 24 * 60 * MINUTE
RANGE: Any = {"since": "2026-11-05", "until": "2026-11-06"}
GOOD = (
    *(
        "This is great, thanks!",
        "Not bad",
        "never had a problem",
        "very helpful",
        "isn't difficult",
        "I LOVE it",
    ),
    *("客服很耐心，非常满意", "没有问题，推荐", "没问题", "一点都不贵", "不错", "👍"),
)
BAD = (
    *(
        "not good at all",
        "I don't like it",
        "very slow and buggy",
        "terrible",
        "It isn\u2019t very helpful",
        "no help, useless",
    ),
    *("一点都不好用", "物流太慢了", "垃圾，不能用", "不满意", "没有帮助，差评", "有点失望"),
)


@pytest.mark.parametrize("text", [*GOOD, *BAD])
def test_examples_sound_as_people_hear_them(text: str) -> None:
    score = Lexicon().score(text)
    assert score is not None
    assert (score > 0.1) if text in GOOD else (score < -0.1), score
    assert -1 < score < 1


def test_degrees_and_turns() -> None:
    scores = [Lexicon().score(text) or 0.0 for text in ("有点慢", "慢", "非常慢", "极其非常慢")]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert Lexicon().score("好") == pytest.approx(1 / 5**0.5)
    assert Lexicon().score("不方便") == Lexicon().score("not good") == pytest.approx(-0.75 / 4.5625**0.5)
    assert Lexicon().score("不是不方便") == Lexicon().score("方便")
    assert Lexicon().score("不，好用") == Lexicon().score("no. good") == Lexicon().score("good")
    assert Lexicon().score("not that it was ever good") == Lexicon().score("good")


def test_nothing_known_is_no_score() -> None:
    for text in ("", "asdf", "你在哪里", "Vielen Dank", "\x00' OR 1=1 --"):
        assert Lexicon().score(text) is None
    assert Lexicon().score("x" * 2_000 + " good") is None
    assert Lexicon().score("便宜但很差") == pytest.approx(-0.5 / 4.25**0.5)


def said(number: int, day: int, comment: str | None, key: str, **properties: Any) -> Event:
    text = json.dumps({"comment": comment, **properties})
    at = START + day * DAY + number * MINUTE
    return Event(
        number, at, f"m{number}", anonymous_id=f"d{number % 4}", event="Survey Answered", properties=text,
        key_id=key, country="DE" if number % 2 else "CN",
    )  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two days of comments by two keys; one has the strict policy."""
    registry = Registry.open(tmp_path_factory.mktemp("s") / "registry.sqlite", now=lambda: 5)
    strict, plain = registry.create_key("shop", privacy="strict").id, registry.create_key("shop").id
    rows = [
        (0, "great", strict, 10), (0, "terrible, useless", plain, 0), (0, "on Monday", plain, 7),
        (0, " ", plain, 9),
        (1, "不好用", strict, 3), (1, "great", plain, 9), (1, None, strict, 9), (1, "excellent", strict, 10),
    ]  # fmt: skip
    found = lake_of(
        said(number, day, text, key, score=score) for number, (day, text, key, score) in enumerate(rows, 1)
    )
    found.registry = Path(registry._con.execute("PRAGMA database_list").fetchone()[2])
    return found


def test_by_day_and_in_all(lake: Lake) -> None:
    found = sentiment(lake, Sentiment(**RANGE, field="properties.comment"), NOW)
    rows = [
        (one.at and one.at[:10], one.n, one.positive, one.neutral, one.negative, one.unknown)
        for one in found.rows
    ]
    assert rows == [("2026-11-05", 3, 1, 0, 1, 1), ("2026-11-06", 3, 2, 0, 1, 0), (None, 6, 3, 0, 2, 1)]
    great, bad = 1 / 5**0.5, -4 / 20**0.5
    assert found.rows[0].score == pytest.approx((great + bad) / 2)
    reach = 1.959964 * (((great - bad) ** 2 / 2) / 2) ** 0.5
    assert (found.rows[0].low, found.rows[0].high) == pytest.approx((-1.0, min((great + bad) / 2 + reach, 1)))
    assert found.n == 4
    assert len(lake.query(found.sql)) == 6


def test_a_breakdown_sums_to_all(lake: Lake) -> None:
    found = sentiment(lake, Sentiment(**RANGE, by=("country",), every="whole"), NOW)
    parts = [one for one in found.rows if one.at is None and one.by]
    assert {one.by[0]: one.n for one in parts} == {"DE": 3, "CN": 3}
    one = sentiment(lake, Sentiment(**RANGE, by=("properties.comment",), every="whole", top=1), NOW)
    assert {tuple(row.by): row.n for row in one.rows if row.at is None} == {
        ("great",): 2,
        ("(other)",): 4,
        (): 6,
    }


def test_texts_are_shown_only_where_asked_for_and_permitted(lake: Lake) -> None:
    plain = sentiment(lake, Sentiment(**RANGE, extremes=2), NOW)
    assert [one.message_id for one in plain.worst] == ["m2", "m5"]
    assert [one.message_id for one in plain.best] == ["m8", "m6"]
    assert {one.text for one in (*plain.worst, *plain.best)} == {None}
    assert plain.withheld == 0
    shown = sentiment(lake, Sentiment(**RANGE, extremes=2, texts=True), NOW)
    assert [one.text for one in (*shown.worst, *shown.best)] == [None, "不好用", "excellent", None]
    assert shown.withheld == 2


def test_comments_of_a_survey(lake: Lake) -> None:
    question = Survey(**RANGE, field="properties.score", comment="properties.comment")
    comments = survey(lake, question, NOW).comments
    assert comments == sentiment(lake, Sentiment(**RANGE, event="Survey Answered"), NOW).rows[-1]
    assert survey(lake, Survey(**RANGE), NOW).comments is None


class Shouting:
    def score(self, text: str) -> float | None:
        return -1.0 if text.isupper() else 0.5


def test_another_scorer_plugs_in(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        EntryPoint("shouting", f"{__name__}:Shouting", scorers.GROUP),
        EntryPoint("none", f"{__name__}:dict", scorers.GROUP),
    ]
    monkeypatch.setattr(scorers, "entry_points", lambda group: EntryPoints(entries).select(group=group))
    monkeypatch.setattr(EntryPoint, "load", lambda entry: Shouting if entry.name == "shouting" else dict)
    scorer.cache_clear()
    found = sentiment(lake, Sentiment(**RANGE, scorer="shouting"), NOW)
    assert (found.rows[-1].score, found.rows[-1].positive) == (0.5, 6)
    with pytest.raises(BadQuestion, match=r"scorer 'none' has no score\(text\)"):
        scorer("none")
    with pytest.raises(BadQuestion, match="near it: 'shouting'"):
        scorer("shoutin")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"scorer": "os.system"}, "scorer 'os.system' is not known here; there are 'lexicon'"),
        ({"extremes": 101}, "extremes: 0 to 100"),
        ({"event": "Survey Answerd"}, "near it: 'Survey Answered'"),
        ({"field": "comment"}, "'comment' is not known"),
    ],
)
def test_bad_questions(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as found:
        sentiment(lake, Sentiment(**RANGE, **fields), NOW)
    assert text in str(found.value)


def test_too_many_texts_are_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["warehouse.insights.sentiment"], "MOST_TEXTS", 5)
    with pytest.raises(BadQuestion, match="more than 5 texts"):
        sentiment(lake, Sentiment(**RANGE), NOW)
