"""Tags in the registry: published, and in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from warehouse.registry import Registry
from warehouse.registry.tags import TagRule
from warehouse.tags.errors import BadTags
from warehouse.tags.reading import MOST_TAGS, read_rule
from warehouse.tags.rules import Tag, Versioned


def publish(registry: Registry, project: str, tags: Sequence[Tag], by: str) -> list[TagRule]:
    """Make these the project's tags from now on; what changed by it. The writer evaluates them within a
    second or two.
    """
    return _replace(registry, project, {tag.name: tag.text for tag in tags}, by)


def publish_one(registry: Registry, project: str, tag: Tag, by: str, *, version: int) -> None:
    """Put one tag beside the project's others, in place of that version of it (0: there is none in use).

    BadTags where there is another version by now.
    """
    others = _texts(registry, project)
    newest = others.pop(tag.name, None)
    if version != (newest[0] if newest else 0):
        has = f"has version {newest[0]}" if newest else "is not in use"
        raise BadTags(
            f"tag {tag.name!r} {has} by now, and this was made from version {version}; open it again"
        )
    if len(others) >= MOST_TAGS:
        raise BadTags(f"{project} has {len(others)} tags; {MOST_TAGS} would do")
    _replace(
        registry, project, {**{name: text for name, (_, text) in others.items()}, tag.name: tag.text}, by
    )


def withdraw(registry: Registry, project: str, name: str, by: str) -> None:
    """Take one tag of the project out of use; the others stay as they are."""
    texts = {tag: text for tag, (_, text) in _texts(registry, project).items() if tag != name}
    _replace(registry, project, texts, by)


def _texts(registry: Registry, project: str) -> dict[str, tuple[int, str]]:
    """Version and rule of each of the project's tags in use."""
    rules = (rule for rule in registry.tag_rules() if rule.project == project and rule.text)
    return {rule.tag: (rule.version, rule.text) for rule in rules}


def _replace(registry: Registry, project: str, texts: Mapping[str, str], by: str) -> list[TagRule]:
    made = registry.publish_tags(project, texts, by)
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
