"""Rules of identity from a file, and what is no id."""

from pathlib import Path

import pytest

from sessionizer.errors import BadRules
from sessionizer.identity.junk import is_junk, junk_sql
from sessionizer.identity.places import Meant, meanings
from sessionizer.identity.rules import USUAL, IdentityRules, read_rules, text_of_identity
from tests.sessionizer.world import plain_lake

ZEROS = "00000000-0000-0000-0000-000000000000"
JUNK = [
    *("anonymous", "Guest", "NULL", "nil", "None", "undefined", "NaN", "0", "-1", "true", "False", "", " "),
    *(
        "[object Object]",
        ZEROS,
        f"{{{ZEROS}}}",
        "000",
        "---",
        "0-0",
        '"null"',
        "'guest'",
        '\\"none\\"',
        "匿名",
    ),
    *("distinct_id", "not_authenticated", "test@test.com", "x" * 1_025, "0.0", "(not set)", "未登录"),
]
IDS = ["u1", "10", "0x1", "nullius", "guest-7", "7-0", "x" * 1_024, "a@b.example", "00a0", "林", "-7", "o0"]


@pytest.mark.parametrize("text", [*JUNK, *IDS], ids=lambda text: text[:20])
def test_what_is_no_id(text: str) -> None:
    assert (is_junk(text) is not None) == (text in JUNK)
    assert plain_lake().query(f"SELECT coalesce({junk_sql('v')}, false) FROM (SELECT ? AS v)", [text]) == [
        (text in JUNK,)
    ]


def test_settings_can_add_words_and_another_length() -> None:
    texts = "FROM (VALUES ('kiosk-1'), ('kiosk-2'), (repeat('x', 21))) AS texts(v)"
    assert plain_lake().query(f"SELECT {junk_sql('v', ['KIOSK-1'], 20)} {texts}") == [
        (True,),
        (False,),
        (True,),
    ]
    assert is_junk("Kiosk-1", ["kiosk-1"]) == "empty_word"


@pytest.mark.parametrize(
    ("kind", "raw", "found"),
    [
        ("email", " Ann@Example.COM ", [("email", "ann@example.com", None)]),
        ("email", "m***@e***.com", [("email", None, "masked")]),
        ("email", "ann", [("email", None, "malformed")]),
        ("email", "Test@Test.com", [("email", None, "no_id")]),
        ("email", "sj:hash:k:abc-_9", [("email", "sj:hash:k:abc-_9", None)]),
        ("phone", "138 0013 8000", [("phone", "+8613800138000", None)]),
        ("phone", "138****8000", [("phone", None, "masked")]),
        ("uscc", "91350100m000100y43", [("uscc", "91350100M000100Y43", None)]),
        ("uscc", "91350100M000100Y44", [("uscc", None, "malformed")]),
        ("advertising_id", "ABCD-EF", [("advertising_id", "abcd-ef", None)]),
        ("crm_id", "0", [("crm_id", None, "no_id")]),
        ("crm_id", "9" * 1_025, [("crm_id", None, "too_long")]),
        (
            "external_ids",
            '[{"id":"k7","type":"crm_id","collection":"users","encoding":"none"},{"id":"A","type":"ios.idfa"}]',
            [("crm_id", "k7", None), ("advertising_id", "a", None)],
        ),
        ("external_ids", '[{"id":"k7","type":"crm_id","collection":"accounts"},{"id":1},7]', []),
        ("external_ids", "not json", []),
    ],
)
def test_what_a_text_means(kind: str, raw: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert meanings([(kind, raw)], USUAL) == [Meant(kind, raw, *one) for one in found]


def test_a_file_changes_kinds_adds_one_and_names_words(tmp_path: Path) -> None:
    path = tmp_path / "identity.yaml"
    path.write_text(
        "kinds:\n"
        "  email: {limit: 2, window_days: 30}\n"
        "  phone: {limit: any, ttl: 90d}\n"
        "  card_no: {priority: 65, limit: 1, traits: [card, card_no]}\n"
        "junk: [kiosk]\n"
        "logged_out: last_user\n"
    )
    rules = read_rules(str(path))
    kinds = {kind.name: kind for kind in rules.kinds}
    assert (kinds["email"].limit, kinds["email"].window_days, kinds["email"].traits) == (2, 30, ("email",))
    assert (kinds["phone"].ttl_days, kinds["email"].ttl_days, rules.mortal) == (90, None, True)
    assert (kinds["phone"].limit, kinds["card_no"].unique, rules.junk) == (None, True, ("kiosk",))
    assert (rules.logged_out, rules.most_ids, rules.daily) == ("last_user", 1_000, True)
    assert text_of_identity(rules) != text_of_identity(USUAL)
    assert read_rules("") == IdentityRules()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("kinds: {email: {limit: 0}}", "limit"),
        ("kinds: {Email: {limit: 1}}", "Email"),
        ("kinds: {card: {limit: 1}}", "priority"),
        ("kinds: {user_id: {traits: [uid]}}", "user_id"),
        ("kinds: {uscc: {of: person}}", "uscc"),
        ("kinds: {phone: {ttl: 30}}", "ttl"),
        ("kinds: {phone: {ttl: 0d}}", "ttl"),
        ("kinds: {user_id: {ttl: 30d}}", "user_id has ttl 30d; only ids of people and devices"),
        ("kinds: {anonymous_id: {ttl: 30d}}", "anonymous_id has ttl"),
        ("kinds: {uscc: {ttl: 30d}}", "uscc has ttl"),
        ("kind: {}", "kind"),
        (": :", "identity"),
    ],
)
def test_a_file_that_will_not_do_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "identity.yaml"
    path.write_text(text)
    with pytest.raises(BadRules, match=named):
        read_rules(str(path))
    with pytest.raises(BadRules, match=r"gone\.yaml"):
        read_rules(str(tmp_path / "gone.yaml"))
