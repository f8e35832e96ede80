"""Tags in the registry: published, and in use."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from warehouse.registry import Registry
from warehouse.registry.tags import TagRule
from warehouse.tags.reading import read_rule
from warehouse.tags.rules import Tag, Versioned


def publish(registry: Registry, project: str, tags: Sequence[Tag], by: str) -> list[TagRule]:
    """Make these the project's tags from now on; what changed by it. The writer evaluates them within a
    second or two.
    """
    made = registry.publish_tags(project, {tag.name: tag.text for tag in tags}, by)
    for one in made:
        done = f"version {one.version}" if one.text else "out of use"
        registry.audit(by, "tags.publish", f"{project}: {one.tag}, {done}")
    return made


def in_use(registry: Registry) -> dict[str, list[Versioned]]:
    """The tags of every project, as they are to be evaluated now."""
    found: dict[str, list[Versioned]] = {}
    for one in registry.tag_rules():
        if one.text:
            tag = read_rule(one.tag, msgspec.json.decode(one.text))
            found.setdefault(one.project, []).append(Versioned(tag, one.version))
    return found
