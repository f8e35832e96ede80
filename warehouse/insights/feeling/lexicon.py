"""Words that sound good or bad, in Chinese and English, with what turns and strengthens them.

It knows neither irony nor context, no other language, and no word that is not in its list; of a text that
praises one thing and blames another it gives the sum. Its list is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec

_ENGLISH: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|[.!?;,\n]")
_LONGEST: Final = 2_000
_REACH: Final = 3  # words between a negation and what it turns
_TURNED: Final = -0.75  # "not good" is less bad than "bad" is
_HALF: Final = 4.0  # score of 1 where the sum is far beyond its root


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language: words by weight, what turns the next one, and what strengthens it by which factor."""

    weights: dict[str, float]
    negations: list[str]
    degrees: dict[str, float]


class Lexicon:
    """Scores by the list in words.yaml."""

    def __init__(self) -> None:
        self._english, self._chinese = _lists()
        self._entries = {
            *self._chinese.weights, *self._chinese.negations, *self._chinese.degrees,
        }  # fmt: skip
        self._width = max(map(len, self._entries))

    def score(self, text: str) -> float | None:
        """-1 to 1 by the sum of the words that are known; None where none is."""
        lower = text[:_LONGEST].lower().replace("\u2019", "'")
        found = [
            *_weights(_ENGLISH.findall(lower), self._english),
            *_weights(list(self._cut(lower)), self._chinese),
        ]
        if not found:
            return None
        total = sum(found)
        return float(total / (total**2 + _HALF) ** 0.5)

    def _cut(self, text: str) -> Iterator[str]:
        """Chinese has no blanks: the longest entry that stands at a place; else the character."""
        at = 0
        while at < len(text):
            longest = min(self._width, len(text) - at)
            sizes = (size for size in range(longest, 0, -1) if text[at : at + size] in self._entries)
            size = next(sizes, 1)
            yield text[at : at + size]
            at += size


def _weights(words: Sequence[str], known: Words) -> Iterator[float]:
    """Of each word that is known, turned by an odd number of negations and strengthened by degrees."""
    sign, degree, left = 1.0, 1.0, 0
    for word in words:
        negates = word in known.negations or word.endswith("n't")
        if word in known.weights:
            yield known.weights[word] * degree * sign
            sign, degree, left = 1.0, 1.0, 0
        elif negates:
            sign, left = _TURNED if sign > 0 else 1.0, _REACH
        elif word in known.degrees:
            degree, left = degree * known.degrees[word], _REACH
        else:
            left = 0 if word in _ENDS else left - 1
            if left <= 0:
                sign, degree = 1.0, 1.0


_ENDS: Final = frozenset(".!?;,\n。！？；，、")


def _lists() -> tuple[Words, Words]:
    import yaml  # only who asks for it pays for it

    raw: Any = yaml.safe_load((files("warehouse.insights.feeling") / "words.yaml").read_text("utf-8"))
    lists = []
    for language in ("english", "chinese"):
        of = raw[language]
        weights = {word: float(weight) for weight, words in of["weights"].items() for word in words.split()}
        degrees = {word: float(factor) for factor, words in of["degrees"].items() for word in words.split()}
        lists.append(Words(weights, of["negations"].split(), degrees))
    return lists[0], lists[1]
