import re
from pathlib import Path
from string import Formatter

import pytest

from sdk_contract.verdicts import Reason, Verdict
from warehouse.console.render import HERE
from warehouse.console.texts import LANGUAGES, TEXTS, Texts, language_of

TEMPLATES = sorted((HERE / "templates").glob("*.html"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_stands_in_every_language_with_the_same_fields(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    english, chinese = TEXTS[key]["en"], TEXTS[key]["zh"]
    assert fields(english) == fields(chinese)
    assert english.strip() == english != ""
    assert chinese.strip() == chinese != ""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.name))
def test_templates_name_texts_that_exist(template: Path) -> None:
    source = template.read_text("utf-8")
    whole = set(re.findall(r"""\bt\(["']([\w.]+)["']\s*[,)]""", source))
    starts = set(re.findall(r"""\bt(?:\.known)?\(["']([\w.]+\.)["'] ~""", source))
    assert whole <= set(TEXTS)
    assert all(any(key.startswith(start) for key in TEXTS) for start in starts)


def test_verdicts_and_reasons_are_told_in_both_languages() -> None:
    wanted = [f"verdict.{verdict}" for verdict in Verdict]
    wanted += [f"reason.{reason.value}" for reason in Reason if reason.status == 200]
    assert not set(wanted) - set(TEXTS)


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr,en;q=0.5,zh;q=0.7", "zh"),
        ("", "de", "en"),
        ("", "zh;q=0,en", "en"),
        ("", "zh;q=many", "en"),
        ("en", "zh", "en"),
        ("tlh", "zh", "zh"),
    ],
)
def test_the_visitors_language(cookie: str, accept: str, language: str) -> None:
    assert language_of({"sojourn_language": cookie}, accept) == language


def test_counts_and_unknown_words() -> None:
    english = Texts("en")
    assert (english.count("sessions", 1), english.count("sessions", 0)) == ("1 session", "0 sessions")
    assert Texts("zh").count("events", 3) == "3 个事件"
    assert english.known("verdict.of_tomorrow", "of_tomorrow") == "of_tomorrow"
