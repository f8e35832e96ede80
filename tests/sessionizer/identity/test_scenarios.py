"""Who is who, told as stories: shared devices, switching users, ids that many share, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from sessionizer.identity.rules import USUAL, IdentityRules
from sessionizer.identity.who import who
from sessionizer.incremental import stitch
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import EPOCH, HOUR, START, Event, loaded, plain_lake, store
from warehouse.lake import Lake

# A story is words: `d` a device, `d:u` a user on it, `:u` a user without a device, `p>u` an alias. An
# identify says more: `d:u+e@x.com` an e-mail address or phone number, `d+e@x.com` the same without a user. It
# ends with the ids that are one customer, users in capitals; `?d` is what is nobody's on a device.
FIVE = "d U a@x.com b@x.com c@x.com d@x.com e@x.com"
STORIES = {
    "anonymous history is joined at login": ("d d:u", "d U"),
    "a user on two devices": ("d:u e:u", "d e U"),
    "history of two devices is joined": ("d e d:u e:u", "d e U"),
    "a second user does not take the device": ("d:u d:v", "d U | V | ?d"),
    "nor its history": ("d d:u d d:v", "d U | V | ?d"),
    "switching back restores the first": ("d:u d:v d:u", "d U | V | ?d"),
    "three users on one device": ("d:u d:v d:w", "d U | V | W | ?d"),
    "the second user has a device of their own": ("d:u d:v e:v", "d U | e V | ?d"),
    "two shared devices cross": ("d:u e:v d:v e:u", "d U | e V | ?d | ?e"),
    "a kiosk and six people": ("d:a d:b d:c d:e d:f d:g", "d A | B | C | E | F | G | ?d"),
    "one user only, logged out and in": ("d d:u d d:u d", "d U"),
    "a device is never anybody's": ("d d d", "d"),
    "a user without a device": (":u :u", "U"),
    "an alias joins a device": ("d d>u", "d U"),
    "an alias joins two users": (":u u>v", "U V"),
    "a chain of aliases": (":a a>b b>c", "A B C"),
    "a cycle of aliases": (":a :b :c a>b b>c c>a", "A B C"),
    "an alias of itself": (":u u>u", "U"),
    "an alias cannot take another's device": ("d:u d>v", "d U | V | ?d"),
    "who became one shares no device": ("d:u d:v u>v", "d U V"),
    "one before the second login": ("d:u u>v d:v", "d U V"),
    "an address joins two devices": ("d+e@x.com e+e@x.com", "d e e@x.com"),
    "an address joins a visitor with a user": ("d+e@x.com e:u+e@x.com", "d e U e@x.com"),
    "an address of two users stays with the first": ("d:u+e@x.com e:v+e@x.com", "d U e@x.com | e V"),
    "a family's address without users": ("d+f@x.com e+f@x.com g+f@x.com", "d e g f@x.com"),
    "a visitor with another's address on a device": ("d:u e:v+e@x.com d+e@x.com", "d U | e V e@x.com"),
    "five addresses are one person's": (" ".join(f"d:u+{n}@x.com" for n in "abcde"), FIVE),
    "a sixth is not": (" ".join(f"d:u+{n}@x.com" for n in "abcdef"), f"{FIVE} | f@x.com"),
    "large and small letters": ("d+E@X.com e+e@x.COM", "d e e@x.com"),
    "an address that is none": ("d+nobody e+nobody", "d | e"),
    "a masked address": ("d+m***@x.com e+m***@x.com", "d | e"),
    "a test address": ("d+test@test.com e+test@test.com", "d | e"),
    "a phone in two spellings": ("d+138-0013-8000 e+8613800138000", "d e +8613800138000"),
    "a guest is nobody": ("d:guest e:guest", "d | e"),
    "null is nobody": ("d:null e:NULL f:undefined", "d | e | f"),
    "zeros are nobody": ("d:0 e:00000000-0000-0000-0000-000000000000", "d | e"),
    "an anonymous device is none": ("anonymous:u anonymous:v", "U | V"),
    "an id of ten thousand letters": (f"{'x' * 10_000}:u d:u", "d U"),
    "a blocked address can be another's user": ("d:u+e@x.com d:v+e@x.com", "d U e@x.com | V | ?d"),
    "nothing but a group": ("d d:u d", "d U"),
    "late to the second device": ("d e d:u d:u e e:u", "d e U"),
    "two people swap devices for good": ("d:u e:v e:u d:v e:u d:v", "d U | e V | ?d | ?e"),
}  # fmt: skip


def events_of(story: str, project: str = "shop", place: int = 0, apart: int = 1) -> Iterator[Event]:
    """An event an hour, so that each is a visit. `place` and `apart` put several stories into one order."""
    for n, word in enumerate(story.split(), 1):
        load_seq, at, message = (n - 1) * apart + place + 1, START + n * HOUR, f"m{n}"
        if ">" in word:
            previous, user = word.split(">")
            yield Event(load_seq, at, message, "alias", None, user, previous, project=project)
            continue
        who, _, said = word.partition("+")
        device, _, user = who.partition(":")
        kind = "phone" if said[:1].isdigit() else "email"
        traits = f'{{"{kind}": "{said}"}}' if said else None
        type = "identify" if said else "track"
        yield Event(load_seq, at, message, type, device or None, user or None, project=project, traits=traits)


def lake_of(story: str, rules: IdentityRules, at_once: bool) -> Lake:
    events = list(events_of(story))
    return run_through(events, [len(events)] if at_once else range(1, len(events) + 1), rules)


def run_through(events: list[Event], ends: Iterable[int], rules: IdentityRules = USUAL) -> Lake:
    lake = plain_lake()
    store(lake, events)
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW, ids=rules)
    return lake


@pytest.fixture(scope="module", params=["at once", "one event after another"])
def told(request: pytest.FixtureRequest) -> dict[str, set[frozenset[str]]]:
    """Every story in a project of its own of one lake: its customers."""
    size = len(STORIES)
    events = [
        event
        for place, (name, (story, _)) in enumerate(STORIES.items())
        for event in events_of(story, name, place, size)
    ]
    last = max(event.load_seq for event in events)
    lake = run_through(events, [last] if request.param == "at once" else range(size, last + size, size))
    found = lake.query(
        "SELECT project, list(CASE kind WHEN 'user_id' THEN upper(value)"
        " WHEN 'shared_device' THEN '?' || value ELSE value END)"
        " FROM identities GROUP BY project, customer_id"
    )
    return {name: {frozenset(ids) for project, ids in found if project == name} for name in STORIES}


@pytest.mark.parametrize("name", STORIES)
def test_story(told: dict[str, set[frozenset[str]]], name: str) -> None:
    assert told[name] == {frozenset(one.split()) for one in STORIES[name][1].split("|")}


SWITCHING = "S S S:A S:A S S:B S:B S S:A S:A S S:C S:C"


def owners(lake: Lake) -> list[str]:
    """Visit after visit the customer's number, in the order in which they appear."""
    sql = "SELECT customer_id FROM sessions JOIN identities USING (identity_key) ORDER BY started_at"
    names = [name for (name,) in lake.query(sql)]
    numbers = {name: str(n) for n, name in enumerate(dict.fromkeys(names), 1)}
    return [numbers[name] for name in names]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_table_of_clickstream_analytics_for_users_who_switch(at_once: bool) -> None:
    """Its user pseudo ids, step by step; a second time with what is done logged out left to nobody."""
    lake = lake_of(SWITCHING, IdentityRules(logged_out="last_user"), at_once)
    assert owners(lake) == list("1111122211133")[:13]
    lake = lake_of(SWITCHING, IdentityRules(), at_once)
    assert owners(lake) == list("1111233211244")


def test_who_was_a_device_when() -> None:
    lake = lake_of("d d:u d d:v d", IdentityRules(), True)
    names = dict(lake.query("SELECT kind || ':' || value, customer_id FROM identities"))
    first, nobody, second = names["anonymous_id:d"], names["shared_device:d"], names["user_id:v"]
    told = []
    for hours in (0.5, 1.5, 2, 2.5, 3, 4, 4.5):
        moment = EPOCH.fromtimestamp((START + hours * HOUR) / 1e6, EPOCH.tzinfo)
        (one,) = who(lake, "d", moment)
        told.append((one.customer_id, one.because))
    assert told == [
        (None, "unseen"),
        (first, "first_user"),
        (first, "visit"),
        (nobody, "nobody"),
        (nobody, "nobody"),
        (second, "visit"),
        (nobody, "nobody"),
    ]
    (user,) = who(lake, "v", EPOCH.fromtimestamp((START + 5 * HOUR) / 1e6, EPOCH.tzinfo))
    assert (user.customer_id, user.because) == (second, "always")
    assert who(lake, "nobody", EPOCH) == []


def test_an_id_that_thousands_share_joins_up_to_the_cap() -> None:
    lake = plain_lake()
    traits = '{"email": "all@x.com"}'
    size = 3_000
    store(
        lake, [Event(n, START + n, f"m{n}", "identify", f"d{n}", traits=traits) for n in range(1, size + 1)]
    )
    loaded(lake, size)
    stitch(lake, now=NOW)
    ids = lake.query("SELECT count(*) FROM identities GROUP BY customer_id ORDER BY 1 DESC LIMIT 2")
    assert ids == [(1_000,), (1,)]
    states = lake.query("SELECT state, rule, count(*) FROM identity_edges GROUP BY ALL ORDER BY ALL")
    assert states == [("blocked", "most_ids", size - 999), ("joined", None, 999)]
