"""What is read from a user agent."""

import pytest

from warehouse.enrich.agent import READ_LENGTH, Agent, read_agent

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)
IPAD = IPHONE.replace("iPhone; CPU iPhone OS", "iPad; CPU OS")
GALAXY = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 Chrome/121.0.0.0 Mobile Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHROME, Agent("Chrome", "Windows", "10", "desktop", None, False)),
        (IPHONE, Agent("Mobile Safari", "iOS", "17.0", "mobile", "iPhone", False)),
        (IPAD, Agent("Mobile Safari", "iOS", "17.0", "tablet", "iPad", False)),
        (GALAXY, Agent("Chrome Mobile", "Android", "14", "mobile", "SM-S918B", False)),
        (BOT, Agent("Googlebot", None, None, None, None, True)),
        ("analytics-node/1.2", Agent(is_bot=False)),
    ],
)
def test_browser_system_and_device_are_told(text: str, expected: Agent) -> None:
    assert read_agent(text) == expected


def test_a_text_is_parsed_once_and_only_its_beginning_is_read() -> None:
    assert read_agent(CHROME) is read_agent(CHROME)
    assert read_agent("x" * READ_LENGTH + CHROME).browser is None
