"""What a newcomer is told."""

import json

from collector.welcome import Welcome

WELCOME = Welcome("http://127.0.0.1:8000", "http://127.0.0.1:8001", "wk_a", "sojourn-data")


def test_everything_to_paste_has_address_and_key() -> None:
    for text in WELCOME.snippets().values():
        assert "http://127.0.0.1:8000" in text
        assert "wk_a" in text
        assert text in WELCOME.text()
    assert "http://127.0.0.1:8001" in WELCOME.text()


def test_as_json_it_is_one_line() -> None:
    text = WELCOME.json()
    assert "\n" not in text
    assert json.loads(text)["write_key"] == "wk_a"
    assert "curl -u wk_a:" in json.loads(text)["curl"]


def test_without_a_console_it_says_so() -> None:
    assert "the console is not installed" in Welcome("http://a", None, "k", "d").text()
