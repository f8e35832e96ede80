"""The address of a catalog in PostgreSQL: what it may be, and that no message quotes its password."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path

import pytest

from loadtest.postgres import PostgresServer
from sdk_contract.errors import SettingError, SojournError
from sdk_contract.settings import Secret, describe, load
from tests.warehouse.lakes import Site
from warehouse.catalogs.address import Address, read_address
from warehouse.errors import CatalogRefused, CatalogUnavailable, ExtensionMissing
from warehouse.settings import WarehouseSettings


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "postgresql://lin:p%40ss%2F1@db.example:6432/lake?sslmode=verify-full&sslrootcert=/ca.pem",
            Address("db.example", 6432, "lin", Secret("p@ss/1"), "lake", "verify-full", "/ca.pem"),
        ),
        ("postgres://lin@[::1]/lake", Address("::1", 5432, "lin", Secret(""), "lake")),
        (
            "postgresql://lin@/lake?host=/run/postgresql",
            Address("/run/postgresql", 5432, "lin", Secret(""), "lake"),
        ),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    assert read_address(Secret(url)) == address


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://lin:pw1234@db/lake", "does not begin with postgresql://"),
        ("lin:pw1234@db/lake", "does not begin with postgresql://"),
        ("postgresql://lin:pw1234@db", "names no database"),
        ("postgresql://lin:pw1234@/lake", "names no host"),
        ("postgresql://:pw1234@db/lake", "names no user"),
        ("postgresql://lin:pw12/34@db/lake", "names no user"),
        ("postgresql://lin:pw1234@db:port/lake", "cannot be told apart"),
        ("postgresql://lin:pw12?34@db/lake", "cannot be told apart"),
        ("postgresql://lin:pw1234@db/lake?options=-c", "stand host, sslmode, sslrootcert and nothing else"),
        ("postgresql://lin:pw1234@db/lake?sslmode=off", "sslmode is one of disable"),
    ],
)
def test_an_address_that_will_not_do_is_named_without_its_text(url: str, what: str) -> None:
    with pytest.raises(SettingError, match=what) as refused:
        read_address(Secret(url))
    assert "pw12" not in str(refused.value)
    assert "SOJOURN_CATALOG" in str(refused.value)


def test_the_setting_is_a_secret() -> None:
    env = {"SOJOURN_CATALOG": "postgresql://lin:pw1234@db/lake"}
    assert "pw1234" not in repr(load(WarehouseSettings, env))
    shown = {setting.name: setting.value for setting in describe(WarehouseSettings, env)}
    assert shown["catalog"] == "***"


@pytest.mark.parametrize("schema", ["Sojourn", 'a"b', "", "x" * 49])
def test_a_schema_is_a_plain_name(schema: str) -> None:
    with pytest.raises(SettingError, match="SOJOURN_CATALOG_SCHEMA"):
        load(WarehouseSettings, {"SOJOURN_CATALOG_SCHEMA": schema})


def refusal(tmp_path: Path, url: str, *, writes: bool = False) -> SojournError:
    site = Site(tmp_path / "data", catalog=Secret(url))
    with pytest.raises(SojournError) as refused:
        site.writer() if writes else site.reader()
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.postgres
@pytest.mark.parametrize("writes", [True, False])
def test_each_way_to_be_refused_says_what_to_do(
    tmp_path: Path, postgres_server: PostgresServer, free_port: object, writes: bool
) -> None:
    postgres_server.psql("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'g'")
    good = postgres_server.url("postgres")
    wrong = good.replace("p%40ss", "wr0ng")
    cases = {
        wrong: (CatalogRefused, "password authentication failed", "user and password"),
        postgres_server.url("nosuch"): (CatalogRefused, '"nosuch" does not exist', "CREATE DATABASE nosuch"),
        good.replace(f":{postgres_server.port}/", ":1/"): (CatalogUnavailable, "127.0.0.1:1", "running"),
    }
    for url, (kind, what, advice) in cases.items():
        refused = refusal(tmp_path, url, writes=writes)
        assert isinstance(refused, kind)
        assert what in str(refused)
        assert advice in str(refused)
        assert "wr0ng" not in str(refused)
        assert "ss/word" not in str(refused)


@pytest.mark.postgres
def test_a_user_who_may_make_nothing_is_told_what_it_takes(
    tmp_path: Path, postgres: Secret, postgres_server: PostgresServer
) -> None:
    postgres_server.psql("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'g'")
    guest = f"postgresql://guest:g@{postgres.reveal().rpartition('@')[2]}"
    assert "GRANT CREATE ON DATABASE" in str(refusal(tmp_path, guest, writes=True))


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: object) -> object:
        if name.startswith("pg8000"):
            raise ImportError(name)
        return real(name, *arguments)  # type: ignore[arg-type]

    for name in [name for name in sys.modules if name.startswith("pg8000")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    refused = refusal(tmp_path, "postgresql://lin:pw1234@127.0.0.1:1/lake")
    assert isinstance(refused, ExtensionMissing)
    assert "pip install 'sojourn[postgres]'" in str(refused)
