import pytest

from collector.scrub import USER_AGENT_LIMIT, peer_text, user_agent_text
from sdk_contract.privacy import PRESETS, hash_address
from tests.sdk_contract.privacy.keys import VAULT

STRICT = PRESETS["strict"]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("keep", "203.0.113.9"),
        ("truncate", "203.0.113.0"),
        ("drop", None),
        ("hash", hash_address("203.0.113.9", VAULT)),
    ],
)
def test_the_address_of_the_client(policy: str, kept: str | None) -> None:
    assert peer_text("203.0.113.9", policy, VAULT) == kept


def test_a_user_agent_stays_what_it_is() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
    assert user_agent_text(agent.encode(), "drop", STRICT, VAULT) == agent
    assert user_agent_text(b"", "drop", STRICT, VAULT) is None
    assert user_agent_text(b"\xff" * 2000, "drop") == "�" * USER_AGENT_LIMIT


def test_a_person_in_a_user_agent_is_treated() -> None:
    sent = b'bot "x" (ada@example.com; 203.0.113.9)'
    token = VAULT.hash("email", "ada@example.com")
    assert user_agent_text(sent, "drop", STRICT, VAULT) == f'bot "x" ({token}; 0.0.0.0)'
    assert user_agent_text(sent, "truncate") == 'bot "x" (ada@example.com; 203.0.113.0)'
