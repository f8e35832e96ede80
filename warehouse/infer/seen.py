"""What values were seen at one place of many events: types, fields, items, texts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from warehouse.infer.personal import class_of_value

MOST_TEXTS = 12
MOST_FIELDS = 200
DEEPEST = 6
PATTERNS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "uuid": r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
    "time": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}",
    "url": r"^https?://",
}
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
_TYPES = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array",
    type(None): "null",
}  # fmt: skip
# Values that the door has hashed, encrypted or masked say nothing of those that are sent.
_TREATED = re.compile(r"sj:\w+:|.*\*{3}")
_CLASSIFIED = 200


class Seen:
    """Values at one place; `times` is how many there were.

    `texts` counts distinct texts while there are few, `forms` the texts of each form, `classes` those that
    look personal among the first `classified`.
    """

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.times = 0
        self.types: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.classified = 0
        self.treated = False
        self.fields: dict[str, Seen] = {}
        self.items: Seen | None = None

    def add(self, value: Any) -> None:
        """One more value."""
        self.times += 1
        of_type = _TYPES[type(value)]
        self.types[of_type] += 1
        if of_type == "string":
            self._add_text(value)
        elif of_type == "object" and self.depth < DEEPEST:
            for name, inner in value.items():
                self._add_field(name, inner)
        elif of_type == "array" and self.depth < DEEPEST:
            self.items = self.items or Seen(self.depth + 1)
            for item in value:
                self.items.add(item)

    def _add_field(self, name: str, value: Any) -> None:
        found = self.fields.get(name)
        if found is None:
            if len(self.fields) > MOST_FIELDS:
                return
            found = self.fields[name] = Seen(self.depth + 1)
        found.add(value)

    def _add_text(self, text: str) -> None:
        if len(self.texts) <= MOST_TEXTS or text in self.texts:
            self.texts[text] += 1
        self.treated = self.treated or bool(_TREATED.match(text))
        for name, pattern in _COMPILED.items():
            if pattern.search(text):
                self.forms[name] += 1
        if self.classified < _CLASSIFIED:
            self.classified += 1
            if (of_class := class_of_value(text)) is not None:
                self.classes[of_class] += 1

    @property
    def is_map(self) -> bool:
        """Whether the fields of the objects here are data, and no names that a plan could list."""
        return len(self.fields) > MOST_FIELDS
