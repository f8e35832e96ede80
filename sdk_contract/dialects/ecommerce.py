"""Purchases in the native words: `products` with id, name, price and quantity, and what was paid for them."""

from collections.abc import Mapping
from typing import Any, Final

from sdk_contract.dialects.moving import UNREADABLE, list_if, read_members
from sdk_contract.dialects.translated import Members

PAID: Final = frozenset(("purchase", "in_app_purchase", "ecommerce_purchase"))


def tell_sale(name: str, properties: dict[str, Any], items: Mapping[str, str]) -> None:
    """Names `items` after Segment's (`products`), `items` saying how, and `value` of a purchase `revenue`."""
    if name in PAID and "revenue" not in properties and "value" in properties:
        properties["revenue"] = properties["value"]
    given = list_if(properties.get("items"))
    if given and "products" not in properties:
        try:
            properties["products"] = [_renamed(read_members(item), items) for item in given]
        except UNREADABLE:
            return
        del properties["items"]


def _renamed(item: Members, names: Mapping[str, str]) -> Members:
    return {names.get(name, name): value for name, value in item.items()}
