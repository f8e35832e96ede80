"""The web SDK as a collector serves it."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from collector.websdk import releases, scripts
from sdk_contract.errors import SettingError
from sdk_contract.web import VERSION
from tests.collector.running import Running, running

PLAIN = {"accept-encoding": "identity"}
NEWEST = f"/tea-{VERSION}.js"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("door"), sdk_path="/tea.js") as found:
        yield found


@pytest.mark.parametrize(("path", "lasts"), [("/tea.js", "max-age=3600"), (NEWEST, "immutable")])
def test_it_is_served_packed_or_plain_under_the_name_that_was_chosen(
    door: Running, path: str, lasts: str
) -> None:
    plain, packed = door.client.get(path, headers=PLAIN), door.client.get(path)
    assert plain.content == packed.content == releases()[VERSION]
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    for answer in (plain, packed):
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert lasts in answer.headers["cache-control"]
    assert door.client.get("/sojourn.js").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"origin": "https://shop.example"}, {"origin": "null"}])
def test_any_page_may_read_it(door: Running, headers: dict[str, str]) -> None:
    answer = door.client.get("/tea.js", headers=headers)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("headers", [PLAIN, {}])
def test_who_has_it_is_told_so(door: Running, headers: dict[str, str]) -> None:
    tag = door.client.get("/tea.js", headers=headers).headers["etag"]
    for known in (tag, f'W/"other", W/{tag}'):
        again = door.client.get("/tea.js", headers={**headers, "if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "max-age" in again.headers["cache-control"]
    changed = door.client.get("/tea.js", headers={**headers, "if-none-match": '"old"'})
    assert changed.status_code == 200


def test_head_and_other_methods(door: Running) -> None:
    head = door.client.head("/tea.js", headers=PLAIN)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(releases()[VERSION])
    assert door.client.put("/tea.js").status_code == 405


def test_events_may_go_to_the_same_name(door: Running) -> None:
    event = {"type": "track", "event": "Paid", "userId": "u-1", "messageId": "m-1"}
    answer = door.client.post("/tea.js", content=json.dumps({"batch": [event]}))
    assert answer.json()["verdicts"] == [{"index": 0, "message_id": "m-1", "verdict": "ok"}]


@pytest.mark.parametrize("path", ["", "tea.js", "/", "/a/b.js", "/../x.js", "/t?a.js", "/é.js"])
def test_a_path_that_will_not_do_is_named(path: str) -> None:
    with pytest.raises(SettingError, match="SOJOURN_SDK_PATH"):
        scripts(path)


def test_a_name_without_an_ending_does() -> None:
    assert set(scripts("/tea")) == {"/tea", f"/tea-{VERSION}"}


def test_packed_it_is_small(door: Running) -> None:
    with httpx.stream("GET", f"{door.url}/tea.js", headers={"accept-encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())
    assert len(sent) <= 5_120
    assert gzip.decompress(sent) == releases()[VERSION]
