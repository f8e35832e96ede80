"""docs/cleaning.md tells of every kind, flag, reason and channel that there is."""

from pathlib import Path

import pytest

from sdk_contract.cleaning import KINDS
from warehouse.enrich.bots import REASONS
from warehouse.enrich.tables import read_table

PAGE = (Path(__file__).parents[3] / "docs" / "cleaning.md").read_text("utf-8")
FLAGS = ("skewed", "stale", "future", "missing")
CHANNELS = {row["channel"] for row in read_table("channels")["channels"]}


@pytest.mark.parametrize("name", [*KINDS, *REASONS, *FLAGS, *read_table("referrers"), "internal", "other"])
def test_every_word_that_a_row_may_hold_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize(("reason", "text"), REASONS.items())
def test_reasons_are_told_in_the_same_words(reason: str, text: str) -> None:
    assert f"| `{reason}` | {text.partition(' (')[0]}" in PAGE


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_every_channel_is_named(channel: str) -> None:
    assert channel in " ".join(PAGE.split())
