"""The registry: keys, commands, settings, and the door's counts."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.segments import Tally


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry.open(tmp_path / "registry.sqlite", now=lambda: 5)


def test_a_key_is_found_again_and_stays_revoked(registry: Registry) -> None:
    made = registry.create_key("shop", "web", ip_policy="drop")
    assert registry.keys() == [made]
    assert made.secret.startswith("wk_")
    assert registry.revoke_key(made.id).revoked_at == 5
    assert registry.revoke_key(made.id).revoked_at == 5


def test_numbers_are_never_given_twice(registry: Registry) -> None:
    assert [registry.create_key("shop").no for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"project": "two words"}, "project is 'two words'"),
        ({"project": ""}, "project is ''"),
        ({"project": "shop", "ip_policy": "mask"}, "ip_policy is 'mask'; it must be one of keep"),
        ({"project": "shop", "plan_mode": "on"}, "plan_mode is 'on'; it must be one of off"),
        ({"project": "shop", "secret": "wk_taken"}, "secret 'wk_taken' is in use"),
    ],
)
def test_a_bad_key_says_what_would_do(registry: Registry, wish: dict[str, Any], text: str) -> None:
    registry.create_key("shop", secret="wk_taken")
    with pytest.raises(RegistryError, match=text):
        registry.create_key(**wish)
    assert len(registry.keys()) == 1


def test_an_unknown_key_cannot_be_revoked(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="no key 'k_1'"):
        registry.revoke_key("k_1")


def test_commands_are_obeyed_oldest_first_and_again_after_a_crash(registry: Registry) -> None:
    first = registry.file_command("rebuild", {"from": "landing"}, "cli")
    second = registry.file_command("split", {}, "console")
    for _ in range(2):
        command = registry.next_command()
        assert command is not None
        assert (command.id, command.state, command.args) == (first, "running", {"from": "landing"})
    registry.finish_command(first, "done", {"rows": 1})
    command = registry.next_command()
    assert command is not None
    assert command.id == second
    registry.finish_command(second, "failed", {"error": "no"})
    assert registry.next_command() is None
    assert [(c.id, c.state) for c in registry.commands()] == [(second, "failed"), (first, "done")]


def test_a_change_by_anybody_shows_in_the_version(tmp_path: Path, registry: Registry) -> None:
    other = Registry.open(tmp_path / "registry.sqlite", now=lambda: 5)
    seen = [registry.data_version()]
    other.create_key("shop")
    seen.append(registry.data_version())
    registry.create_key("shop")
    seen.append(registry.data_version())
    assert seen == sorted(set(seen))
    assert registry.data_version() == seen[-1]


def test_a_secret_setting_is_made_once(tmp_path: Path, registry: Registry) -> None:
    secret = registry.secret_setting("live_token")
    assert len(secret) > 30
    assert Registry.open(tmp_path / "registry.sqlite", now=lambda: 5).secret_setting("live_token") == secret


def test_settings_and_audit_are_kept(registry: Registry) -> None:
    assert registry.setting("theme", "dark") == "dark"
    registry.set_setting("theme", "light")
    registry.audit("cli", "key.create", "k_1")
    assert registry.setting("theme") == "light"
    assert [(line.at, line.actor) for line in registry.audited()] == [(5, "cli")]


def test_a_registry_of_a_newer_program_is_refused(tmp_path: Path, registry: Registry) -> None:
    registry._con.execute("PRAGMA user_version = 99")
    with pytest.raises(RegistryError, match="newer Sojourn"):
        Registry.open(tmp_path / "registry.sqlite", now=lambda: 5)


def test_a_place_that_cannot_hold_a_registry_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryError, match=r"file/registry\.sqlite"):
        Registry.open(tmp_path / "file" / "registry.sqlite", now=lambda: 5)


segments = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 9)), max_size=4)


@settings(max_examples=50, deadline=None)
@given(st.lists(segments, max_size=6), st.lists(st.integers(0, 5), max_size=12))
def test_a_segment_counts_once_however_often_it_is_tallied(
    tmp_path_factory: pytest.TempPathFactory,
    all_segments: list[list[tuple[int, int, int]]],
    repeats: list[int],
) -> None:
    """Each segment is tallied in order, and some earlier ones again in between, as after crashes."""
    path = tmp_path_factory.mktemp("registry") / "r.sqlite"
    registry = Registry.open(path, now=lambda: 0)
    expected: Counter[tuple[int, int]] = Counter()
    for number, counts in enumerate(all_segments):
        tally = [Tally(*count) for count in counts]
        assert registry.tally_segment("w", f"w-{number:08d}", tally)
        for key_no, hour, events in counts:
            expected[key_no, hour] += events
        for again in (again for again in repeats if again <= number):
            registry = Registry.open(path, now=lambda: 0)
            old = [Tally(*count) for count in all_segments[again]]
            assert not registry.tally_segment("w", f"w-{again:08d}", old)
    received, trimmed = registry.received_and_trimmed()
    assert {(key_no, hour): events for key_no, hour, events in received} == dict(expected)
    assert trimmed == ({"w": f"w-{len(all_segments) - 1:08d}"} if all_segments else {})
