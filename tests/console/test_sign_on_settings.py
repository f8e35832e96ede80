"""Settings of single sign-on: what will not do is named, and the secret stays one."""

from pathlib import Path

import msgspec
import pytest

from sdk_contract.errors import SettingError
from warehouse.console.settings import ConsoleSettings
from warehouse.console.sign_on.rules import rules_of


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sso_issuer": "http://login.example"}, "SOJOURN_SSO_ISSUER='http://login.example'"),
        ({"sso_issuer": "login"}, "SOJOURN_SSO_ISSUER"),
        ({"sso_issuer": "", "sso_only": True}, "nobody could sign in"),
        ({"sso_client": ""}, "SOJOURN_SSO_CLIENT is empty"),
        ({"sso_roles": "staff"}, "VALUE=ROLE"),
        ({"sso_roles": "staff=king"}, "no role 'king'"),
        ({"sso_role": "king"}, "SOJOURN_SSO_ROLE"),
        ({"sso_secret_file": "/nowhere"}, "SOJOURN_SSO_SECRET_FILE='/nowhere'"),
    ],
)
def test_settings_that_will_not_do_are_named(given: dict[str, object], says: str) -> None:
    whole = {"sso_issuer": "https://login.example", "sso_client": "x"} | given
    with pytest.raises(SettingError, match=says):
        rules_of(msgspec.convert(whole, ConsoleSettings))


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    given = {
        "sso_issuer": "https://x.example",
        "sso_client": "x",
        "sso_secret_file": str(tmp_path / "secret"),
    }
    rules = rules_of(msgspec.convert(given, ConsoleSettings))
    assert rules
    assert rules.secret
    assert rules.secret.reveal() == "s3cret"
    assert "s3cret" not in repr(rules)
