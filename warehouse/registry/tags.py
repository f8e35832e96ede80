"""Rules of tags as they were published, every version of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE tag_rules (
        project TEXT NOT NULL, tag TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL,
        published_at INTEGER NOT NULL, published_by TEXT NOT NULL, PRIMARY KEY (project, tag, version))
    """
_NEWEST = """
    SELECT * FROM tag_rules AS t
    WHERE version = (SELECT max(version) FROM tag_rules AS o WHERE o.project = t.project AND o.tag = t.tag)
    ORDER BY project, tag"""


class TagRule(msgspec.Struct, frozen=True):
    """One version of a tag's rule: `text` is JSON, empty where the tag was taken out of use."""

    project: str
    tag: str
    version: int
    text: str
    published_at: int
    published_by: str


class Tags(Database):
    """The part of the registry that holds rules of tags."""

    def publish_tags(self, project: str, texts: Mapping[str, str], by: str) -> list[TagRule]:
        """Make these the project's tags from now on, by name; others are taken out of use. The versions that
        this made: a rule that is the same keeps its own.
        """
        with self._changing_rules():
            known = {rule.tag: rule for rule in self.tag_rules() if rule.project == project}
            gone = {name: "" for name, rule in known.items() if rule.text}
            made = []
            for name, text in sorted({**gone, **texts}.items()):
                before = known.get(name)
                if before is None or before.text != text:
                    version = before.version + 1 if before else 1
                    made.append(TagRule(project, name, version, text, self._now(), by))
            rows = [msgspec.structs.astuple(one) for one in made]
            self._con.executemany("INSERT INTO tag_rules VALUES (?, ?, ?, ?, ?, ?)", rows)
        return made

    def tag_rules(self) -> list[TagRule]:
        """The newest version of every tag of every project, also of those out of use."""
        return [TagRule(*row) for row in self._all(_NEWEST)]

    def tag_versions(self, project: str, tag: str) -> list[TagRule]:
        """Every version of one tag, the oldest first."""
        sql = "SELECT * FROM tag_rules WHERE project = ? AND tag = ? ORDER BY version"
        return [TagRule(*row) for row in self._all(sql, (project, tag))]
