"""A rule in a form and as YAML: there and back, what a form cannot show, one published beside the others."""

from pathlib import Path

import pytest

from warehouse.registry import Registry
from warehouse.tags import STARTER, BadTags, Tag, read_tags
from warehouse.tags.drafts import Draft, Part, draft_of, one_tag, text_of
from warehouse.tags.published import publish, publish_one, withdraw
from warehouse.tags.rules import fields_of

KINDS = """
tags:
  t{n}:
    when: {rule}
"""
RULES = [
    "{did: 'Viewed where properties.price > 9.5', at_least: 2, at_most: 5, within: 24h}",
    "{did: '*', sum: properties.total, at_least: 12.5}",
    "{did_not: 'page:Pricing', within: 2w}",
    "{last: A, ago: 1d, without: B}",
    "{sequence: [A, 'B where country in (DE, FR)', C], within: 7d}",
    "{any: [{fell: A, by: 50, within: 30d, least: 10}, {rose: A, by: 12.5, within: 7d}]}",
    "{all: [{attribute: 'plan = \"pro: {x}\"'}, {did: 'ü # : - [x]'}]}",
]


@pytest.mark.parametrize("rule", [*(KINDS.format(n=1, rule=one) for one in RULES), None])
def test_a_rule_comes_back_from_the_form(rule: str | None) -> None:
    for tag in read_tags(rule or STARTER.read_text("utf-8")):
        draft = draft_of(tag)
        assert draft
        assert one_tag(text_of(draft)) == tag


@pytest.mark.parametrize(
    "rule", ["{not: {did: A}}", "{all: [{any: [{did: A}]}]}", f"{{all: [{', '.join(['{did: A}'] * 9)}]}}"]
)
def test_what_is_deeper_is_for_yaml_alone(rule: str) -> None:
    assert draft_of(one_tag(KINDS.format(n=1, rule=rule))) is None


def test_a_form_says_what_will_not_do() -> None:
    for part, says in (
        (Part("did", {"event": "A", "at_least": "many"}), "at_least 'many' is no number"),
        (Part("did", {"event": "A", "at_least": "nan"}), "at_least nan"),
        (Part("sequence", {"events": "A"}), "2 to 10 events"),
        (Part("attribute", {"filter": ""}), "is no filter"),
        (Part("last", {"event": ""}), "no name"),
        (Part("fell", {"event": "A", "within": "soon", "by": "5"}), "within"),
    ):
        with pytest.raises(BadTags, match=says):
            one_tag(text_of(Draft("t", "", "all", (part,))))
    with pytest.raises(BadTags, match="as a name"):
        one_tag(text_of(Draft("<b>")))


def test_one_tag_is_published_beside_the_others(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    first, second = (one_tag(KINDS.format(n=n, rule=RULES[n])) for n in (0, 1))
    publish(registry, "shop", [first], "ada")
    publish(registry, "other", [first], "ada")
    publish_one(registry, "shop", second, "bea", version=0)
    changed = one_tag(KINDS.format(n=0, rule=RULES[2]))
    with pytest.raises(BadTags, match="'t0' has version 1 by now"):
        publish_one(registry, "shop", changed, "bea", version=0)
    publish_one(registry, "shop", changed, "bea", version=1)
    with pytest.raises(BadTags, match="'t0' has version 2 by now"):
        publish_one(registry, "shop", changed, "bea", version=1)
    withdraw(registry, "shop", "t1", "bea")
    with pytest.raises(BadTags, match="'t1' is not in use by now"):
        publish_one(registry, "shop", second, "bea", version=1)
    rules = {(one.project, one.tag): (one.version, bool(one.text)) for one in registry.tag_rules()}
    assert rules == {("shop", "t0"): (2, True), ("shop", "t1"): (2, False), ("other", "t0"): (1, True)}
    registry.close()


def test_every_field_of_a_rule_is_told() -> None:
    parts = (
        "attribute: 'email = x'",
        "last: A, without: 'B where traits.phone is set'",
        "did: C, sum: properties.x",
    )
    rule = f"{{all: [{', '.join(f'{{{one}}}' for one in parts)}]}}"
    tag: Tag = one_tag(KINDS.format(n=1, rule=rule))
    assert [*fields_of(tag.when)] == ["email", "traits.phone", "properties.x"]
