"""Tags by rule: what a customer did, or did not, within a time, and from when to when that holds."""

from warehouse.tags.errors import BadTags
from warehouse.tags.reading import read_rule, read_tags
from warehouse.tags.rules import Tag

__all__ = ["BadTags", "Tag", "read_rule", "read_tags"]
