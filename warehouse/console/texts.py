"""Every sentence the console shows, from texts.yaml, in the language that suits the visitor."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from sdk_contract.verdicts import Reason

LANGUAGES = ("en", "zh")
_SERIES = "series."
SEGMENT = "rfm.segment."


def catalogue() -> dict[str, dict[str, str]]:
    """{key: {language: text}}; the English texts of reasons are the contract's."""
    # Read each time the console starts: in C where PyYAML has that, in a quarter of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("texts.yaml").read_text("utf-8")
    read: dict[str, dict[str, str]] = yaml.load(text, loader)  # noqa: S506 (both are the safe one)
    for reason in Reason:
        if reason.status == 200:
            read.setdefault(f"reason.{reason.value}", {})["en"] = reason.text
    return read


TEXTS = catalogue()


class Texts:
    """The texts in one language: `texts("live.newest", n=100)`, `texts.count("sessions", 3)`."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **fields: object) -> str:
        return TEXTS[key][self.language].format(**fields)

    def count(self, noun: str, n: int) -> str:
        """ "1 session", "2 sessions"."""
        return self(f"count.{noun}.one" if n == 1 else f"count.{noun}", n=n)

    def known(self, key: str, otherwise: str) -> str:
        """The text under `key`; `otherwise` where there is none: for words that come with the data."""
        return self(key) if key in TEXTS else otherwise


def series_words(texts: Texts) -> str:
    """JSON: how a picture's series that have names of ours are called, and its labels by their whole key."""
    names = (key for key in TEXTS if key.startswith((_SERIES, SEGMENT)))
    return msgspec.json.encode({key.removeprefix(_SERIES): texts(key) for key in names}).decode()


def language_of(cookies: Mapping[str, str], accept: str) -> str:
    """The language the visitor chose, else the first one of ours that the browser asks for, else English."""
    chosen = cookies.get("sojourn_language")
    if chosen in LANGUAGES:
        return chosen
    asked = sorted((_asked(part) for part in accept.split(",")), key=lambda one: -one[1])
    return next((tongue for tongue, weight in asked if tongue in LANGUAGES and weight > 0), "en")


def _asked(part: str) -> tuple[str, float]:
    """("zh", 0.8) of "zh-CN;q=0.8"."""
    name, _, rest = part.strip().partition(";")
    try:
        weight = float(rest.partition("=")[2]) if rest else 1.0
    except ValueError:
        weight = 0.0
    return name.lower().partition("-")[0], weight
