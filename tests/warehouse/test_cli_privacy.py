"""The commands about personal data, run as a person runs them, with every kind of wrong input."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector.command import Commands
from sdk_contract.privacy import PRESETS, Policy
from warehouse.cli.keys import key
from warehouse.cli.options import now
from warehouse.cli.privacy import open_vault, privacy, suppress, unsuppress
from warehouse.cli.secret import secret
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

Run = Callable[..., Result]
OWN = "ip: hash\ndetect:\n  email: encrypt\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    Registry.open(folder / "registry.sqlite", now=now).close()
    return folder


@pytest.fixture
def run(data: Path) -> Run:
    commands = {
        "key": key,
        "privacy": privacy,
        "suppress": suppress,
        "unsuppress": unsuppress,
        "secret": secret,
    }
    group = Commands("sojourn", commands=commands)

    def run(*args: str) -> Result:
        return CliRunner().invoke(group, [*args, "--data", str(data)], catch_exceptions=False)

    return run


@pytest.fixture
def own(run: Run, tmp_path: Path) -> Path:
    """The file of the policy `own`, which is set."""
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    assert run("privacy", "set", "own", str(file)).stdout == "own@1 is set\n"
    return file


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def registry(data: Path) -> Registry:
    return Registry.open(data / "registry.sqlite", now=now)


def encrypted(data: Path, text: str) -> str:
    return open_vault(WarehouseSettings(data=str(data))).encrypt(text)


def test_the_policies_are_listed(run: Run, own: Path) -> None:
    listed = answer(run("privacy", "list", "--json"))
    assert [record["policy"] for record in listed] == ["none@0", "standard@0", "strict@0", "own@1"]
    assert listed[3]["detect"] == {"email": "encrypt"}
    assert "hash email, phone" in run("privacy", "list").stdout


@pytest.mark.parametrize("name", [*PRESETS, "own"])
def test_a_policy_that_is_shown_can_be_set(run: Run, own: Path, tmp_path: Path, name: str) -> None:
    shown = run("privacy", "show", name).stdout
    (tmp_path / "shown.json").write_text(shown)
    assert answer(run("privacy", "set", "copy", str(tmp_path / "shown.json"), "--json"))["policy"] == "copy@1"
    assert run("privacy", "show", "copy").stdout == shown


def test_another_text_is_another_version_and_the_same_is_not(run: Run, own: Path) -> None:
    assert run("privacy", "set", "own", str(own)).stdout == "own@1 is set\n"
    own.write_text("ip: drop\n")
    assert run("privacy", "set", "own", str(own)).stdout == "own@2 is set\n"


@pytest.mark.parametrize(
    ("arguments", "policy", "ip"),
    [
        ((), "none", "truncate"),
        (("--privacy", "strict"), "strict", "drop"),
        (("--privacy", "standard"), "standard", "truncate"),
        (("--privacy", "own"), "own", "hash"),
        (("--privacy", "strict", "--ip", "keep"), "strict", "keep"),
    ],
)
def test_a_key_does_with_addresses_what_its_policy_says(
    run: Run, own: Path, arguments: tuple[str, ...], policy: str, ip: str
) -> None:
    made = answer(run("key", "create", "shop", *arguments, "--json"))
    assert (made["privacy"], made["ip_policy"]) == (policy, ip)


def test_the_rules_of_a_key_are_changed(run: Run, own: Path) -> None:
    made = answer(run("key", "create", "shop", "--unplanned", "reject", "--plan", "enforce", "--json"))
    assert (made["unplanned"], made["plan_mode"]) == ("reject", "enforce")
    changed = answer(run("key", "set", made["id"], "--privacy", "own", "--plan", "warn", "--json"))
    assert changed == {**made, "privacy": "own", "plan_mode": "warn"}
    changed = answer(run("key", "set", made["id"], "--ip", "drop", "--unplanned", "allow", "--json"))
    assert (changed["ip_policy"], changed["unplanned"], changed["privacy"]) == ("drop", "allow", "own")
    assert "own" in run("key", "list").stdout


def test_a_value_is_revealed_and_the_log_says_to_whom(run: Run, data: Path) -> None:
    token = encrypted(data, "ada@example.com")
    assert run("privacy", "reveal", token, "--reason", "case 7").stdout == "ada@example.com\n"
    (line,) = registry(data).audited()
    assert line.action == "privacy.reveal"
    assert json.loads(line.detail) == {"token": token[:80], "reason": "case 7"}
    assert "ada@" not in line.detail


def test_a_sealed_request_is_revealed(run: Run, data: Path) -> None:
    token = open_vault(WarehouseSettings(data=str(data))).seal(b'{"batch": \xff')
    assert run("privacy", "reveal", token, "--reason", "x").stdout == '{"batch": \\xff\n'


def test_a_forgotten_key_shreds_and_it_is_said_who_did_it(run: Run, data: Path) -> None:
    token = encrypted(data, "ada@example.com")
    id = token.split(":")[2]
    assert run("secret", "forget", id, "--yes").exit_code == 0
    result = run("privacy", "reveal", token, "--reason", "case 7")
    assert result.exit_code == 1
    assert f"key {id!r} is not here" in result.stderr
    assert "forgot it on 20" in result.stderr
    assert encrypted(data, "ada@example.com") != token


def test_a_token_of_another_folder_says_so(run: Run) -> None:
    result = run("privacy", "reveal", "sj:enc:zzzzzzzz:AAAA", "--reason", "x")
    assert "it was forgotten, or it belongs to another data folder" in result.stderr


def test_keys_are_listed_and_rotated_but_never_shown(run: Run, data: Path) -> None:
    before, token = answer(run("secret", "list", "--json")), encrypted(data, "ada")
    assert {listed["purpose"] for listed in before} == {"hash", "encrypt", "quarantine", "suppress"}
    assert set(before[0]) == {"id", "purpose", "created_at", "newest"}
    (made,) = answer(run("secret", "rotate", "encrypt", "--json"))
    assert made["newest"]
    assert len(answer(run("secret", "list", "--json"))) == 5
    assert run("privacy", "reveal", token, "--reason", "x").stdout == "ada\n"
    assert encrypted(data, "ada").split(":")[2] == made["id"]
    assert [line.action for line in registry(data).audited()][-1] == "secret.rotate"


def test_forgetting_asks_first(run: Run) -> None:
    id = answer(run("secret", "list", "--json"))[0]["id"]
    assert run("secret", "forget", id).exit_code == 1
    assert id in run("secret", "list").stdout


def test_a_person_is_suppressed_and_let_in_again(run: Run, data: Path) -> None:
    assert (
        run("suppress", "user_id", "ada@example.com", "--project", "shop").stdout
        == "suppressed from now on\n"
    )
    assert "already" in run("suppress", "user_id", "ada@example.com", "--project", "shop").stdout
    (digest,) = registry(data).suppressions()["shop"]
    assert digest == open_vault(WarehouseSettings(data=str(data))).digest("user_id", "ada@example.com")
    assert b"ada@example.com" not in b"".join(file.read_bytes() for file in data.glob("registry*"))
    assert "was not" in run("unsuppress", "user_id", "bob", "--project", "shop").stdout
    assert "no longer" in run("unsuppress", "user_id", "ada@example.com", "--project", "shop").stdout
    assert registry(data).suppressions() == {}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("key", "create", "shop", "--privacy", "nonsense"), 1, "there is no privacy policy 'nonsense'"),
        (("key", "set", "k_0", "--ip", "drop"), 1, "no key 'k_0'"),
        (("key", "set", "k_0"), 2, "nothing to change"),
        (("privacy", "show", "nonsense"), 1, "there is no privacy policy 'nonsense'"),
        (("privacy", "set", "strict", "FILE"), 1, "'strict' is built in"),
        (("privacy", "set", "own", "/nonsense"), 1, "/nonsense cannot be read"),
        (("privacy", "reveal", "ada", "--reason", "x"), 1, "no token"),
        (("privacy", "reveal", "ada", "--reason", " "), 2, "say why"),
        (("privacy", "reveal", "ada"), 2, "Missing option '--reason'"),
        (("secret", "rotate", "suppress"), 1, "would be let in again"),
        (("secret", "forget", "nonsense", "--yes"), 1, "there is no key 'nonsense'"),
        (("suppress", "email", "ada", "--project", "shop"), 2, "not one of 'user_id', 'anonymous_id'"),
        (("suppress", "user_id", " ", "--project", "shop"), 2, "an empty id is nobody's"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    run: Run, arguments: tuple[str, ...], code: int, text: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert text in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("ip: [", "neither YAML nor JSON"),
        ("ip: cut", "ip: 'cut'; one of"),
        ("", "a privacy policy is an object"),
    ],
)
def test_a_bad_file_is_named(run: Run, tmp_path: Path, content: str, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    result = run("privacy", "set", "own", str(file))
    assert result.exit_code == 1
    assert f"{file}: " in result.stderr.replace("\n", " ") or "bad.yaml is neither" in result.stderr
    assert text in result.stderr


def test_without_a_data_folder_no_keys_are_made(tmp_path: Path) -> None:
    arguments = ["list", "--data", str(tmp_path / "none")]
    result = CliRunner().invoke(Commands("sojourn", commands={"secret": secret}), ["secret", *arguments])
    assert result.exit_code == 1
    assert not (tmp_path / "none").exists()


def test_a_policy_from_a_file_is_the_policy(own: Path, data: Path) -> None:
    stored = registry(data).policy("own")
    assert stored is not None
    assert Policy.from_json(stored.text).to_json() == Policy(ip="hash", detect={"email": "encrypt"}).to_json()


def test_the_page_tells_of_every_policy_as_it_is(run: Run, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
    (tmp_path / "page.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert run("privacy", "set", "page", str(tmp_path / "page.yaml")).stdout == "page@1 is set\n"
    for line in page.splitlines():
        if line.startswith("| planned "):
            _, planned, *actions, _ = (cell.strip() for cell in line.split("|"))
            for of_class in planned.removeprefix("planned ").replace("`", "").split(", "):
                said = [PRESETS[name].pii.get(of_class, "keep") for name in ("none", "standard", "strict")]  # type: ignore[call-overload]
                assert said == actions, of_class
