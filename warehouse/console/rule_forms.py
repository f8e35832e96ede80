"""What the form of a rule sends: its fields or its YAML, whichever was changed."""

from __future__ import annotations

from typing import Final

import msgspec

from sdk_contract.errors import SojournError
from warehouse.console.forms import Form
from warehouse.registry.tags import TagRule
from warehouse.tags.drafts import FIELDS, MOST_PARTS, Draft, Part, draft_of, one_tag, text_of, written
from warehouse.tags.reading import read_rule

_NEW: Final = Draft("new tag")


class Wanted(msgspec.Struct, frozen=True):
    """A rule on its way. `draft` is None where the form cannot show it; `edited`: its YAML was changed.

    `tag` and `version`: the rule in use that it was opened from, "" and 0 where it is a new one.
    """

    project: str
    text: str
    draft: Draft | None
    tag: str = ""
    version: int = 0
    edited: bool = False

    def version_of(self, name: str) -> int:
        """The version in whose place one of this name is to stand."""
        return self.version if name == self.tag else 0


def opened(project: str, rule: TagRule | None) -> Wanted:
    """The form as it is opened."""
    if rule is None:
        return Wanted(project, text_of(_NEW), _NEW)
    said = msgspec.json.decode(rule.text)
    draft = draft_of(read_rule(rule.tag, said))
    return Wanted(project, written(rule.tag, said), draft, rule.tag, rule.version)


def sent(asked: Form) -> Wanted:
    """The form as it was sent: YAML that is not what the page had shown counts, else the fields."""
    text = _lines(asked.secret("text"))
    edited = text.strip() != _lines(asked.secret("was")).strip()
    kept = (asked.one("project"), asked.one("tag"), _whole(asked.one("version")))
    project, tag, version = kept
    if edited or not asked.all("kind.0"):
        return Wanted(project, text, _draft_of(text), tag, version, edited)
    draft = _draft(asked)
    return Wanted(project, text_of(draft), draft, tag, version)


def _draft_of(text: str) -> Draft | None:
    try:
        return draft_of(one_tag(text))
    except SojournError:
        return None


def _draft(asked: Form) -> Draft:
    parts = []
    for number in range(MOST_PARTS):
        if kind := asked.one(f"kind.{number}"):
            fields = {name: asked.one(f"{name}.{number}") for name in FIELDS.get(kind, ())}
            parts.append((number, Part(kind, fields)))
    pressed, _, removed = asked.one("do").partition(".")
    kept = [part for number, part in parts if pressed != "remove" or str(number) != removed]
    if pressed == "add" and len(kept) < MOST_PARTS:
        kept.append(Part())
    name, description = asked.one("name"), asked.one("description")
    return Draft(name, description, asked.one("match") or "all", tuple(kept) or (Part(),))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
