"""Tags by rule: what a customer did, or did not, within a time, and from when to when that holds."""

from pathlib import Path
from typing import Final

from warehouse.tags.errors import BadTags
from warehouse.tags.reading import read_rule, read_tags
from warehouse.tags.rules import Tag

STARTER: Final = Path(__file__).with_name("starter.yaml")

__all__ = ["STARTER", "BadTags", "Tag", "read_rule", "read_tags"]
