"""What a typed client consists of, the same for every language: types, records, calls."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct

_KINDS: Final = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    type(None): {"null"},
}


class Basic(Struct, frozen=True):
    """string, number, integer, boolean, null, or anything."""

    name: str


class Choice(Struct, frozen=True):
    """One of some texts, numbers, booleans and null; `name` is free to be used for a type of its own."""

    name: str
    values: tuple[str | int | float | bool | None, ...]

    @property
    def of_text(self) -> bool:
        """Whether all values are texts, but for null."""
        return all(isinstance(value, str) for value in self.values if value is not None)

    @property
    def basic(self) -> str:
        """The basic type that has all of the values, but for null."""
        kinds = [_KINDS[type(value)] for value in self.values if value is not None]
        shared = set.intersection(*kinds) if kinds else {"null"}
        return min(shared) if shared else "anything"


class ListOf(Struct, frozen=True):
    """A list of values of one type."""

    item: "Type"


class Union(Struct, frozen=True):
    """A value of one of some types."""

    parts: tuple["Type", ...]


class Reference(Struct, frozen=True):
    """A record by its name."""

    name: str


Type: TypeAlias = Basic | Choice | ListOf | Union | Reference

ANYTHING: Final = Basic("anything")
NULL: Final = Basic("null")


class Field(Struct, frozen=True):
    """One property: its name in JSON and what it holds."""

    name: str
    type: Type
    required: bool
    description: str


class Record(Struct, frozen=True):
    """An object with named fields, those that are required first; `more`: it may have others too."""

    name: str
    fields: tuple[Field, ...]
    more: bool
    description: str


class Call(Struct, frozen=True):
    """One event that can be sent: its type, its name (None: any, of a page or screen), and what it carries.

    `words` are those of the function's name.
    """

    type: str
    event: str | None
    words: tuple[str, ...]
    record: str
    optional: bool
    description: str


class Client(Struct, frozen=True):
    """Everything that a typed client of a plan consists of; `version` is the plan's."""

    version: str
    calls: tuple[Call, ...]
    records: tuple[Record, ...]


def nullable(of: Type) -> tuple[bool, Type]:
    """Whether null is among the values of a type, and the type without it."""
    if isinstance(of, Choice) and None in of.values and len(of.values) > 1:
        return True, Choice(of.name, tuple(value for value in of.values if value is not None))
    if isinstance(of, Union) and NULL in of.parts:
        rest = tuple(part for part in of.parts if part != NULL)
        return True, rest[0] if len(rest) == 1 else Union(rest)
    return False, of


def choices(record: Record) -> list[Choice]:
    """The choices among texts in a record's fields that deserve a type of their own."""
    return [of for field in record.fields for of in _choices(field.type) if of.of_text]


def _choices(of: Type) -> Iterator[Choice]:
    if isinstance(of, ListOf):
        yield from _choices(of.item)
    plain = nullable(of)[1]
    if isinstance(plain, Choice):
        yield plain
