"""The receiver of docs/actions.md verifies what is sent; its rules can be read."""

import re
from pathlib import Path
from typing import Any

from warehouse.actions.reading import read_actions
from warehouse.actions.signing import webhook_headers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "actions.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_receivers_function_knows_ours_from_others() -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)  # noqa: S102
    verified, body = names["verified"], b'{"test": 2432232314}'
    headers = webhook_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    # The example of the specification.
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verified(SECRET, headers, body, 1614265331)
    assert not verified(SECRET, headers, body + b" ", 1614265331)
    assert not verified(SECRET, headers, body, 1614265330 + 301)
    assert not verified("whsec_" + "A" * 32, headers, body, 1614265331)


def test_the_rules_of_the_page_can_be_read() -> None:
    found = [read_actions(text) for text in blocks("yaml")]
    assert [rule.name for one in found for rule in one.rules] == ["cart", "stuck_in_checkout"]
