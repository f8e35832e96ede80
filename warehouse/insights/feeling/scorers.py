"""What scores a text, and how others plug in."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Final, Protocol, runtime_checkable

from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.feeling.lexicon import Lexicon

GROUP: Final = "sojourn.sentiment"
LEXICON: Final = "lexicon"


@runtime_checkable
class Scorer(Protocol):
    """Says of a text how it sounds. The same text has the same score; nothing leaves this machine unless a
    scorer that somebody installed sends it.
    """

    def score(self, text: str) -> float | None:
        """-1 (as bad as can be) to 1 (as good); None where it cannot tell."""


@cache
def scorer(name: str) -> Scorer:
    """The one of that name: ours, or what an installed package enters under `sojourn.sentiment`: it is
    called without arguments. UnknownName, BadQuestion.
    """
    if name == LEXICON:
        return Lexicon()
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise unknown("scorer", name, [LEXICON, *found])
    made = found[name].load()()
    if not isinstance(made, Scorer):
        raise BadQuestion(f"scorer {name!r} has no score(text); {found[name].value} is none")
    return made
