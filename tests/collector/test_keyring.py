"""Write keys in memory follow the registry."""

from pathlib import Path

from collector.keyring import Keyring
from warehouse.registry import Registry
from warehouse.rules import KeyRules


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
