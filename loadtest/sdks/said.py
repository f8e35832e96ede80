"""What every SDK is asked to say, and how it must stand in `events`."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

Row = Mapping[str, Any]


class Said(msgspec.Struct, frozen=True, rename="camel"):
    """The calls in the SDKs' common words, with ids that nobody else uses.

    `page` is the address of the page; of a browser it is the one that it stands on.
    """

    user: str
    device: str
    former: str
    page: str
    event: str = "Product Viewed"
    screen: str = "Main"
    group_type: str = "company"
    group: str = "acme"
    price: float = 12.5
    quantity: int = 2
    properties: Mapping[str, Any] = msgspec.field(
        default_factory=lambda: {
            "str": "naïve café 🛒 日本語 العربية",
            "int": 7,
            "big": 9007199254740991,
            "float": 12.5,
            "yes": True,
            "list": [1, "two", {"three": 3}],
            "obj": {"deep": {"er": "x"}, "ключ": "значение"},
            "currency": "EUR",
            "price": 129.5,
        }
    )
    traits: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"plan": "gold", "name": "Zoë 名前"})
    group_traits: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"seats": 12})


def said_by(label: str, page: str = "https://shop.example/p/1") -> Said:
    """What one SDK says."""
    return Said(f"{label}-Ünï-用户", f"{label}-device", f"{label}-former", page)


def is_there(role: str, row: Row, said: Said) -> bool:
    """Whether this row is what the role asks for, with its fields."""
    if role.startswith("bulk "):
        return _called(row) == f"Bulk {role.split()[1]}"
    return _CHECKS[role](row, said)


def _called(row: Row) -> str:
    """Its name; where an SDK takes no space in it, one that has a line there."""
    return str(row["event"]).replace("_", " ")


def _flat(said: Said) -> dict[str, Any]:
    """What of the properties an SDK takes that takes neither lists nor objects."""
    return {name: value for name, value in said.properties.items() if not isinstance(value, dict | list)}


def _held(row: Row, column: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row[column] or "{}")
    return found


def _says(row: Row, column: str, wanted: Mapping[str, Any]) -> bool:
    held = _held(row, column)
    return all(name in held and held[name] == value for name, value in wanted.items())


def _entity(row: Row, name: str) -> Any:
    return _held(row, "context").get("snowplow", {}).get("entities", {}).get(name)


def _charged(row: Row, said: Said) -> bool:
    revenue = _held(row, "properties").get("revenue")
    return bool(row["type"] == "track" and revenue == said.price * said.quantity)


_CHECKS: Final[Mapping[str, Callable[[Row, Said], bool]]] = {
    "track": lambda row, said: row["event"] == said.event and _says(row, "properties", said.properties),
    "flat track": lambda row, said: _called(row) == said.event and _says(row, "properties", _flat(said)),
    "page": lambda row, said: row["type"] == "page" and row["page_url"] == said.page,
    "entity": lambda row, said: _entity(row, "plan") == said.traits,
    "structured": lambda row, said: (
        row["event"] == said.screen
        and _held(row, "properties")
        == {"category": said.group_type, "label": said.group, "value": said.price}
    ),
    "screen": lambda row, said: (row["type"], row["event"]) == ("screen", said.screen),
    "identify": lambda row, said: row["type"] == "identify" and row["user_id"] == said.user,
    "traits": lambda row, said: row["type"] == "identify" and _says(row, "traits", said.traits),
    "group": lambda row, said: row["type"] == "group" and row["group_id"] == said.group,
    "group traits": lambda row, said: (
        row["group_id"] == said.group and _says(row, "traits", said.group_traits)
    ),
    "alias": lambda row, said: (
        row["type"] == "alias"
        and {said.former, said.user} == {row["previous_id"], row["user_id"]}
        and row["user_id"] == said.user
    ),
    "login": lambda row, said: (
        row["type"] == "alias"
        and row["user_id"] == said.user
        and row["previous_id"] == row["anonymous_id"] is not None
    ),
    "item": lambda row, said: (
        row["group_id"] == f"{said.group_type}:{said.group}" and _says(row, "traits", said.group_traits)
    ),
    "charge": _charged,
}
