"""Each property of a foreign event goes where it belongs."""

from msgspec import Raw

from sdk_contract.dialects.places import Places, always, beside, settle

PLACES = Places(
    {"$url": ("page", "url"), "$title": ("page", "title"), "lang": ("", "locale")},
    lambda name: name[:1] == "$",
    gone=("token",),
    nothing=(b"null", b'"none"'),
)


def raws(**given: bytes) -> dict[str, Raw]:
    return {name.replace("_", "$"): Raw(value) for name, value in given.items()}


def test_a_property_is_placed_kept_the_sdks_own_or_gone() -> None:
    own = raws(_before=b"1")
    given = raws(
        _url=b'"u"', _title=b'"t"', lang=b'"de"', token=b'"k"', _os=b"2", price=b"12.50", none=b"null"
    )
    kept, context = settle(given, PLACES, own)
    assert kept == raws(price=b"12.50", none=b"null")
    assert context == {"page": {"url": Raw(b'"u"'), "title": Raw(b'"t"')}, "locale": Raw(b'"de"')}
    assert own == raws(_before=b"1", _os=b"2")


def test_what_says_nothing_has_no_place() -> None:
    given = raws(_url=b"null", _title=b'"none"', lang=b"0")
    assert settle(given, PLACES, {}) == ({}, {"locale": Raw(b"0")})


def test_only_some_names_are_remembered_and_none_that_is_long() -> None:
    places = Places({"a": ("", "a")}, always)
    for number in range(6000):
        settle({f"name {number}": Raw(b"1"), "x" * 1000 + str(number): Raw(b"1")}, places, {})
    assert len(places.known) == 4096
    assert max(map(len, places.known)) <= 64
    own: dict[str, Raw] = {}
    settle({"name 5999": Raw(b"1")}, places, own)
    assert own == {"name 5999": Raw(b"1")}


def test_what_is_said_elsewhere_is_left_out() -> None:
    said = frozenset(("event", "token"))
    assert beside(raws(event=b"1", more=b"2"), said) == raws(more=b"2")
    assert beside(raws(event=b"1"), said) == {}
