"""Write keys in memory follow the registry."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from collector.keyring import Keyring, without_rules
from warehouse.registry import Key, Registry
from warehouse.rules import KeyRules
from warehouse.segments import Tally


def test_keys_appear_and_go_with_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    registry = Registry.open(path, now=lambda: 1)
    keyring = Keyring(lambda: Registry.open(path, now=lambda: 1))
    assert keyring.refresh()
    assert keyring.find("wk_a") is None
    key = registry.create_key("shop", secret="wk_a")
    assert keyring.find("wk_a") is None
    assert keyring.refresh()
    assert keyring.find("wk_a") == KeyRules(key)
    assert not keyring.refresh()
    registry.revoke_key(key.id)
    assert keyring.refresh()
    assert keyring.find("wk_a") is None
    assert keyring.find(None) is None
    keyring.registry.close()
    registry.close()


def test_what_changes_nothing_of_the_rules_does_not_have_them_read_again(tmp_path: Path) -> None:
    path, built = tmp_path / "registry.sqlite", []

    def build(registry: Registry, keys: Iterable[Key]) -> Mapping[str, KeyRules]:
        built.append(1)
        return without_rules(registry, keys)

    registry = Registry.open(path, now=lambda: 1)
    keyring = Keyring(lambda: Registry.open(path, now=lambda: 1), build)
    assert keyring.refresh()
    registry.tally_segment("n-w0", "n-w0-1", [Tally(1, 2, 3)])
    registry.audit("me", "looked", "")
    assert not keyring.refresh()
    assert len(built) == 1
    key = registry.create_key("shop")
    changes: list[Callable[[], object]] = [
        lambda: registry.change_key(key.id, plan_mode="off"),
        lambda: registry.publish_plan("shop", "1.0.0", "{}", "me"),
        lambda: registry.set_policy("ours", "{}", "me"),
        lambda: registry.suppress("shop", "digest"),
        lambda: registry.unsuppress("shop", "digest"),
        lambda: registry.revoke_key(key.id),
    ]
    assert keyring.refresh()
    for change in changes:
        change()
        assert keyring.refresh()
    assert len(built) == 2 + len(changes)
    keyring.registry.close()
    registry.close()
