"""Stories of who is who, each with the customers that should come of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from sessionizer.identity.kinds import KINDS
from sessionizer.identity.rules import IdentityRules
from tests.sessionizer.world import HOUR, START, Event

# A story is words: `d` a device, `d:u` a user on it, `:u` a user without a device, `p>u` an alias. An
# identify says more: `d:u+e@x.com` an e-mail address or phone number, `d+unionid=w` an id of another kind;
# `d:u%g` is a group. Events are an hour apart; `!3` is received in the third hour, whenever it is loaded. A
# story ends with the ids that are one customer, users in capitals; `?d` is what is nobody's on a device, `@2`
# the second life of an id.
FIVE: Final = "d U a@x.com b@x.com c@x.com d@x.com e@x.com"
USCC: Final = "91350100M000100Y43"
OTHER_USCC: Final = "91110000600037341L"
P: Final = "+8613800138000"
DAYS: Final = 24
_OF_DEVICES: Final = {"advertising_id": "advertisingId", "device_id": "id"}
USUAL_STORIES: Final = {
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
    "signed in after two aliases": ("d>u d>v d:u d", "d U | V | ?d"),
    "a mini program and an app of one unionid": ("d+unionid=w+openid=o e+unionid=w+openid=p", "d e w o p"),
    "official accounts without a unionid": ("d+openid=o e+openid=p", "d o | e p"),
    "two unionids on one phone": ("d+unionid=w d+unionid=x", "d w | x"),
    "an openid of two unionids": ("d+unionid=w+openid=o e+unionid=x+openid=o", "d w o | e x"),
    "a visitor who signs in by WeChat": ("d+openid=o e:u+openid=o", "d o e U"),
    "a CRM id joins an import with an app": (":u+crm_id=k1 d+crm_id=k1", "U k1 d"),
    "two CRM ids of one user": (":u+crm_id=k1 :u+crm_id=k2", "U k1 | k2"),
    "people of one company": ("d:u%g e:v%g", "d U | e V | g"),
    "two branches with one credit code": (f"d:u%g+uscc={USCC} e:v%h+uscc={USCC}", f"d U | e V | g h {USCC}"),
    "two credit codes at one company": (
        f"d:u%g+uscc={USCC} d:u%g+uscc={OTHER_USCC}",
        f"d U | g {USCC} | {OTHER_USCC}",
    ),
    "a credit code with a wrong check digit": (
        f"d:u%g+uscc={USCC[:-1]}4 e:v%h+uscc={USCC[:-1]}4",
        "d U | e V | g | h",
    ),
    "somebody who works for two companies": ("d:u%g d:u%h", "d U | g | h"),
    "a tablet in a shop": ("t t:a t:b t t:c t:a", "t A | B | C | ?t"),
    "an agent who looks at customers": (
        "d:u+u@x.com e:v+v@x.com c:a+u@x.com c:a+v@x.com",
        "d U u@x.com | e V v@x.com | c A",
    ),
    "an agent who was there first": ("c:a+u@x.com d:u+u@x.com", "c A u@x.com | d U"),
    "an agent without customers' users": (
        " ".join(f"c:a+1380013800{n}" for n in range(6)),
        "c A " + " ".join(f"+861380013800{n}" for n in range(5)) + " | +8613800138005",
    ),
    "a family's address with users": ("d:u+f@x.com e:v+f@x.com g+f@x.com", "d U f@x.com g | e V"),
    "a number that went to another user": (":u+13800138000 :v+13800138000", f"U {P} | V"),
    "a number in a new phone": ("d:u+13800138000 e+13800138000", f"d U e {P}"),
    "a chain of aliases to a device": (":a a>b b>c d:c", "A B C d"),
    "an alias there and back": ("d:u e:v u>v v>u", "d U e V"),
    "one phone with two apps": ("d+advertising_id=ad e+advertising_id=ad", "d e ad"),
    "an advertising id that is switched off": ("d+advertising_id=0000-00 e+advertising_id=0000-00", "d | e"),
    "a computer with two browsers": ("d+device_id=i e:u+device_id=i", "d i e U"),
    "an address that nobody reads": ("d:u+noreply@example.com e:v+noreply@example.com", "d U | e V"),
    "a login that comes late": ("e:u d e d:u!1", "d e U"),
    "a late first user is not the first": ("d:u d:v!0", "d U | V | ?d"),
    "what was said long ago": ("d:u e ~3650 e:u", "d U e"),
}  # fmt: skip
# `phone` and `crm_id` live for 30 days after each event that names them; `~40` lets forty days pass.
LIVES: Final = {
    "a recycled number": ("d+13800138000 ~40 e+13800138000", f"d {P} | e {P}@2"),
    "a number in use": ("d+13800138000 ~20 d+13800138000 ~20 e+13800138000", f"d e {P}"),
    "a number on its last day": ("d+13800138000 ~30 e+13800138000", f"d e {P}"),
    "a number a day later": ("d+13800138000 ~31 e+13800138000", f"d {P} | e {P}@2"),
    "a number that comes back to its user": ("d:u+13800138000 ~40 d:u+13800138000", f"d U {P} {P}@2"),
    "a CRM id comes back to the one who has it": (":u+crm_id=k ~40 :u+crm_id=k", "U k k@2"),
    "a CRM id comes back to another": (":u+crm_id=k ~40 :v+crm_id=k", "U k | V k@2"),
    "the former owner stays who they are": ("d+13800138000 ~40 e+13800138000 d e", f"d {P} | e {P}@2"),
    "a user joins both lives": ("d:u+13800138000 ~40 e+13800138000 e:u", f"d U {P} e {P}@2"),
    "a number of three owners": (
        "d+13800138000 ~40 e+13800138000 ~40 f+13800138000",
        f"d {P} | e {P}@2 | f {P}@3",
    ),
    "what comes late is of its day": (
        "d+13800138000 ~40 e+13800138000 f+13800138000!3",
        f"d {P} f | e {P}@2",
    ),
    "what comes late does not bridge": (
        "d+13800138000 ~40 e+13800138000 f+13800138000!480 e+13800138000",
        f"d {P} f | e {P}@2",
    ),
    "a device without a time to live": ("d ~400 d:u", "d U"),
    "an address without a time to live": ("d+e@x.com ~400 e+e@x.com", "d e e@x.com"),
}
ENDING: Final = IdentityRules(
    kinds=tuple(
        msgspec.structs.replace(kind, ttl_days=30) if kind.name in ("phone", "crm_id") else kind
        for kind in KINDS
    )
)


def events_of(story: str, project: str = "shop", place: int = 0, apart: int = 1) -> Iterator[Event]:
    """An event an hour, so that each is a visit. `place` and `apart` put several stories into one order."""
    hours = number = 0
    for word in story.split():
        if word.startswith("~"):
            hours += int(word[1:]) * DAYS
            continue
        number, hours = number + 1, hours + 1
        said, _, hour = word.partition("!")
        at, load_seq = START + int(hour or hours) * HOUR, (number - 1) * apart + place + 1
        yield Event(load_seq, at, f"m{number}", project=project, **_spoken(said))


def _spoken(word: str) -> dict[str, Any]:
    """The fields of an event."""
    if ">" in word:
        previous, user = word.split(">")
        return {"type": "alias", "anonymous_id": None, "user_id": user, "previous_id": previous}
    (who, _, group), *said = (part.partition("%") for part in word.split("+"))
    device, _, user = who.partition(":")
    ids = dict(_named(part) for part, *_ in said)
    devices = {_OF_DEVICES[kind]: ids.pop(kind) for kind in [*ids] if kind in _OF_DEVICES}
    return {
        "type": "group" if group else "identify" if said else "track",
        "anonymous_id": device or None,
        "user_id": user or None,
        "group_id": group or None,
        "traits": json.dumps(ids) if ids else None,
        "context": json.dumps({"device": devices}) if devices else None,
    }


def _named(said: str) -> tuple[str, str]:
    kind, equals, value = said.partition("=")
    return (kind, value) if equals else ("phone" if said[:1].isdigit() else "email", said)


def told_by(story: str) -> set[frozenset[str]]:
    """The customers with which a story ends."""
    return {frozenset(one.split()) for one in story.split("|")}
