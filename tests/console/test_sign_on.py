"""Single sign-on against a provider of the test's own: who is let in as whom, and whom nothing lets in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc.jwk import RSAKey

from sdk_contract.settings import Secret
from tests.console.conftest import CHEAP, NOW, Visitor
from tests.console.provider import CLIENT, SECRET, Provider, serving
from warehouse.access.scope import Scope
from warehouse.console.settings import ConsoleSettings
from warehouse.console.sign_on import trip
from warehouse.console.sign_on.provider import Provider as Asked
from warehouse.console.sign_on.refusals import NotSignedOn
from warehouse.console.sign_on.rules import Rules, person, rules_of
from warehouse.console.sign_on.token import Expected, claims_of, keys_in

ROLES = "bosses=admin, analysts=analyst, staff=viewer"
BROWSER = httpx.Client(trust_env=False)
PASSWORD = "two green kettles"


@pytest.fixture(scope="module")
def loopback() -> Iterator[Provider]:
    with serving(Provider(lambda: NOW)) as found:
        yield found


@pytest.fixture
def provider(loopback: Provider) -> Provider:
    loopback.person = {"sub": "u-1", "email": "mei@shop.example", "email_verified": True}
    loopback.person["groups"] = ["staff", "analysts"]
    loopback.about = {}
    loopback.behave()
    return loopback


def visitor_of(folder: Path, provider: Provider, **settings: object) -> Visitor:
    given: dict[str, object] = {"sso_issuer": provider.issuer}
    given |= {
        "sso_client": CLIENT,
        "sso_secret": Secret(SECRET),
        "sso_roles": ROLES,
        "sso_domains": "shop.example",
    }
    return Visitor(folder, console_open=False, **(given | settings))


@pytest.fixture
def shut(tmp_path: Path, provider: Provider) -> Iterator[Visitor]:
    found = visitor_of(tmp_path, provider)
    yield found
    found.registry.close()


def rules_for(provider: Provider, **settings: object) -> Rules:
    given = {"sso_issuer": provider.issuer, "sso_client": CLIENT, "sso_secret": Secret(SECRET), **settings}
    rules = rules_of(msgspec.convert(given, ConsoleSettings))
    assert rules
    return rules


def went(visitor: Visitor, back: str = "/explore") -> str:
    """Where the browser comes back to, after the provider."""
    on = visitor.get(f"/login/sso?back={back}")
    assert on.status_code == 303, on.text
    home = BROWSER.get(on.headers["location"])
    return home.headers["location"].removeprefix("http://127.0.0.1:8001")


def signed_on(visitor: Visitor) -> httpx.Response:
    return visitor.get(went(visitor))


def names(visitor: Visitor) -> dict[str, str]:
    return {one.name: one.role for one in visitor.registry.users()}


def test_who_is_mapped_gets_a_user_and_a_login(shut: Visitor, provider: Provider) -> None:
    shut.cookies.set("sojourn_login", "chosen-by-somebody-else", domain="127.0.0.1")
    answer = signed_on(shut)
    assert (answer.status_code, answer.headers["location"]) == (303, "/explore")
    assert names(shut) == {"mei@shop.example": "analyst"}
    assert shut.registry.user("mei@shop.example").scope == Scope(masks=("email", "phone", "ip"))
    assert shut.get("/explore").status_code == 200
    kept = {cookie.name: cookie.value for cookie in shut.cookies.jar}
    assert kept["sojourn_login"] != "chosen-by-somebody-else", "a login is always a new one"
    assert "sojourn_sign_on" not in kept
    assert {line.action for line in shut.registry.audited()} >= {"user.create", "user.bind", "login"}
    assert set(provider.given[-1]) == {"grant_type", "code", "redirect_uri", "code_verifier"}
    left = shut.post("/logout", {})
    assert left.headers["location"] == "/login?left=1"
    assert "/login/sso/out" in shut.get("/login?left=1").text
    out = urlsplit(shut.get("/login/sso/out").headers["location"])
    assert out.path == "/out"
    assert parse_qs(out.query)["post_logout_redirect_uri"] == ["http://127.0.0.1:8001/login"]


def test_where_one_signs_on_alone_there_are_no_passwords(tmp_path: Path, provider: Provider) -> None:
    both, only = visitor_of(tmp_path, provider), visitor_of(tmp_path, provider, sso_only=True)
    both.registry.create_user("ann", "viewer", "test", password=CHEAP.hash(PASSWORD))
    page = both.get("/login").text
    assert page.index("/login/sso?back") < page.index('type="password"')
    page = only.get("/login").text
    assert 'type="password"' not in page
    assert "/login/sso?back" in page
    assert only.signed_in("ann", PASSWORD).status_code == 403
    assert signed_on(only).status_code == 303
    assert 'type="password"' not in only.get("/account").text
    assert only.post("/account/password", {"old": PASSWORD}).status_code == 403
    assert both.signed_in("ann", PASSWORD).status_code == 303
    for one in (both, only):
        one.registry.close()


def test_the_way_there_holds_what_the_way_back_is_checked_by(shut: Visitor, provider: Provider) -> None:
    on = shut.get("/login/sso?back=//evil.example")
    asked = {name: value for name, (value,) in parse_qs(urlsplit(on.headers["location"]).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == "http://127.0.0.1:8001/login/sso/back"
    cookie = on.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert asked["nonce"] not in cookie, "what is kept is sealed"
    key = shut.registry.secret_setting("sign_on_key")
    kept = on.cookies["sojourn_sign_on"]
    assert trip.opened(kept, asked["state"], key, NOW).back == "/"


def test_the_second_time_is_the_same_user_whose_role_follows(shut: Visitor, provider: Provider) -> None:
    shut.registry.create_user("ada", "admin", "test", password=None)
    signed_on(shut)
    provider.person |= {"groups": ["staff"], "email": "mei.chen@shop.example"}
    assert signed_on(shut).status_code == 303
    assert names(shut)["mei@shop.example"] == "viewer", "the subject is who somebody is"
    provider.person["groups"] = "analysts"
    signed_on(shut)
    assert len(names(shut)) == 2
    assert names(shut)["mei@shop.example"] == "analyst", "a claim may be a text"
    shut.registry.change_user("mei@shop.example", "ada", disabled=True)
    assert "may not sign in any more" in signed_on(shut).text


MISBEHAVIOURS: dict[str, Any] = {
    "wrong nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "wrong audience": {"aud": "another"},
    "one audience of others": {"aud": ["another", "third"]},
    "for others, by us": {"aud": ["another"], "azp": CLIENT},
    "for somebody else": {"aud": [CLIENT, "another"], "azp": "another"},
    "wrong issuer": {"iss": "https://evil.example"},
    "expired": {"exp": NOW // 1_000_000 - 61},
    "of the future": {"iat": NOW // 1_000_000 + 3_600},
    "not yet": {"nbf": NOW // 1_000_000 + 3_600},
    "no end": {"exp": None},
    "no subject": {"sub": ""},
    "a number for a subject": {"sub": 7},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.fixture(scope="module")
def signer() -> Provider:
    found = Provider(lambda: NOW)
    found.issuer = "https://login.example"
    return found


def read(signer: Provider, token: str) -> dict[str, Any]:
    keys = keys_in({"keys": [one.as_dict(private=False) for one in signer.keys]})
    return claims_of(token, keys, Expected(signer.issuer, CLIENT, "n"), NOW, "access")


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_a_token_that_says_something_else_is_none(signer: Provider, name: str) -> None:
    claims = signer.claims("n") | MISBEHAVIOURS[name]
    with pytest.raises(NotSignedOn, match="token"):
        read(signer, signer.signed({field: value for field, value in claims.items() if value is not None}))


def test_a_few_seconds_of_another_clock_are_forgiven(signer: Provider) -> None:
    claims = signer.claims("n") | {"exp": NOW // 1_000_000 - 30, "iat": NOW // 1_000_000 + 30}
    assert read(signer, signer.signed(claims))["sub"] == "u-1"
    assert read(signer, signer.signed(claims | {"aud": [CLIENT, "another"], "azp": CLIENT}))["sub"] == "u-1"


SIGNATURES: dict[str, Callable[[Provider, dict[str, Any]], str]] = {
    "none": lambda signer, claims: signer.unsigned(claims),
    "HS256": lambda signer, claims: signer.by_public_key(claims),
    "another key": lambda signer, claims: Provider(lambda: NOW).signed(claims),
    "garbled": lambda signer, claims: signer.signed(claims)[:-6] + "AAAAAA",
    "no token": lambda signer, claims: "a.b.c",
    "long": lambda signer, claims: signer.signed(claims) + "A" * 70_000,
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_of_nobody_is_none(signer: Provider, name: str) -> None:
    says = f"signed with {name}, not" if name in ("none", "HS256") else "token"
    with pytest.raises(NotSignedOn, match=says):
        read(signer, SIGNATURES[name](signer, signer.claims("n")))


def test_a_secret_among_the_keys_is_left_out(signer: Provider) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
    assert set(keys_in({"keys": [secret, {"kty": "EC"}, 7]})) == set()
    assert keys_in([]) == {}


def test_a_refusal_lets_nobody_in(shut: Visitor, provider: Provider) -> None:
    provider.sign = provider.unsigned
    answer = signed_on(shut)
    assert (answer.status_code, "cannot be trusted" in answer.text) == (403, True)
    provider.behave()
    provider.person["email"] = "mei@evil.example"
    assert "certain domains" in signed_on(shut).text
    provider.person |= {"email": "mei@shop.example", "groups": ["nobodies"]}
    assert "gives a role" in signed_on(shut).text
    assert names(shut) == {}
    assert shut.get("/explore").status_code == 303
    assert shut.registry.audited(1)[0].detail.startswith("single sign-on: role: groups is ['nobodies']")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"email": "mei@evil.example"}, "domain"),
        ({"email": "mei@shop.example@evil.example"}, "domain"),
        ({"email_verified": False}, "domain"),
        ({"email_verified": "yes"}, "domain"),
        ({"email": None}, "domain"),
        ({"groups": ["nobodies"]}, "role"),
        ({"groups": []}, "role"),
        ({"groups": {"analysts": True}}, "role"),
    ],
)
def test_who_is_not_mapped_is_not_let_in(signer: Provider, said: dict[str, Any], says: str) -> None:
    rules = rules_for(signer, sso_roles=ROLES, sso_domains="shop.example")
    assert person(signer.claims("n"), rules).role == "analyst"
    assert person(signer.claims("n") | {"groups": "bosses"}, rules).role == "admin"
    with pytest.raises(NotSignedOn, match=says):
        person(signer.claims("n") | said, rules)


def test_a_way_back_that_this_browser_did_not_begin_opens_nothing(shut: Visitor, provider: Provider) -> None:
    other = visitor_of(shut.data, provider)
    theirs, ours = went(other), went(shut)
    assert "not begun in this browser" in shut.get(theirs).text, "a mixed-up state, and the code of another"
    assert "not begun in this browser" in shut.get(ours).text, "one try each"
    began = went(shut)
    shut.clock += trip.LIFE_S * 1_000_000
    assert "not begun in this browser" in shut.get(began).text
    shut.clock = NOW
    assert "not begun in this browser" in shut.get(went(shut).replace("state=", "state=x")).text
    evil = went(shut).split("&iss=")[0] + "&iss=https://evil.example"
    shut.clock += 60_000_000
    assert "not begun in this browser" in shut.get(evil).text, "another provider came back"
    assert names(shut) == {}


def test_a_code_is_good_once(shut: Visitor, provider: Provider) -> None:
    back = went(shut)
    kept = httpx.Cookies(shut.cookies)
    assert shut.get(back).status_code == 303
    shut.cookies = kept
    assert shut.get(back).status_code == 503
    assert "invalid_grant" in shut.registry.audited(1)[0].detail


def test_denials_and_hostile_words_are_told_plainly_and_tries_are_slowed(
    shut: Visitor, provider: Provider
) -> None:
    for _ in range(5):
        state = parse_qs(urlsplit(went(shut)).query)["state"][0]
        answer = shut.get(f"/login/sso/back?error=<script>&state={state}")
        assert (answer.status_code, "<script>" in answer.text) == (403, False)
        assert "did not let you in" in answer.text
    answer = shut.get(went(shut))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    shut.clock += 1_000_000
    assert signed_on(shut).status_code == 303


def test_an_equal_address_takes_no_local_user_over_unless_allowed(tmp_path: Path, provider: Provider) -> None:
    shut = visitor_of(tmp_path, provider)
    shut.registry.create_user("ada", "admin", "test", password=CHEAP.hash(PASSWORD))
    shut.registry.create_user("Mei@shop.example", "viewer", "test", password=CHEAP.hash(PASSWORD))
    assert "not bound to this sign-on" in signed_on(shut).text
    may = visitor_of(tmp_path, provider, sso_adopt=True, sso_domains="")
    provider.person["email_verified"] = False
    assert signed_on(may).status_code == 303
    assert sorted(names(may)) != ["Mei@shop.example", "ada"], "an address that nobody verified names nobody"
    provider.person |= {"email_verified": True, "sub": "u-2"}
    assert signed_on(may).status_code == 303
    assert names(may)["Mei@shop.example"] == "analyst"
    provider.person["sub"] = "u-3"
    assert "not bound to this sign-on" in signed_on(may).text, "whose it is already"
    assert shut.signed_in("ada", PASSWORD).status_code == 303, "a password works as before"
    few = visitor_of(tmp_path, provider, sso_create=False)
    provider.person |= {"sub": "u-4", "email": "li@shop.example"}
    assert "none is made by signing on" in signed_on(few).text
    for one in (shut, may, few):
        one.registry.close()


def test_what_the_token_lacks_is_asked_for(shut: Visitor, provider: Provider) -> None:
    provider.userinfo = {**provider.person, "sub": "u-9", "iss": "https://evil.example"}
    provider.person = {"sub": "u-9"}
    assert signed_on(shut).headers["location"] == "/explore"
    provider.person["groups"] = "staff"
    shut.registry.create_user("ada", "admin", "test", password=None)
    assert signed_on(shut).headers["location"] == "/explore"
    assert names(shut)["mei@shop.example"] == "viewer", "what is signed comes first"
    provider.userinfo["sub"] = "u-1"
    assert "cannot be trusted" in signed_on(shut).text


def test_a_provider_that_is_away_or_another_one_is_told(tmp_path: Path, provider: Provider) -> None:
    away = visitor_of(tmp_path, provider, sso_issuer="http://127.0.0.1:9")
    for _ in range(6):
        answer = away.get("/login/sso")
        assert (answer.status_code, "does not answer" in answer.text) == (503, True)
        assert 'name="password"' in answer.text
    provider.about = {"issuer": "https://evil.example"}
    shut = visitor_of(tmp_path, provider)
    assert shut.get("/login/sso").status_code == 503
    provider.about = {"token_endpoint": "http://evil.example/token"}
    assert shut.get("/login/sso").status_code == 503
    for one in (away, shut):
        one.registry.close()


def test_keys_that_rotate_are_found_and_not_asked_for_all_the_time(provider: Provider) -> None:
    settings = msgspec.convert(
        {
            "sso_issuer": provider.issuer,
            "sso_client": CLIENT,
            "sso_secret": Secret(SECRET),
            "sso_role": "viewer",
        },
        ConsoleSettings,
    )
    rules = rules_of(settings)
    assert rules
    clock = [NOW]
    asked = Asked(rules, lambda: clock[0])

    async def once() -> str:
        going = trip.begin("/", clock[0])
        place = await asked.way(going, "http://127.0.0.1/back")
        came = await asyncio.to_thread(BROWSER.get, place)
        code = parse_qs(urlsplit(came.headers["location"]).query)["code"][0]
        return person(await asked.claims(code, going, "http://127.0.0.1/back"), rules).role

    async def story() -> None:
        assert await once() == "viewer"
        before = provider.seen.count("/jwks")
        assert await once() == "viewer"
        assert provider.seen.count("/jwks") == before, "kept"
        provider.rotate(RSAKey.generate_key(2048, parameters={"kid": "rsa"}))
        clock[0] += 11_000_000
        assert await once() == "viewer", "by a key that came meanwhile"
        assert provider.seen.count("/jwks") == before + 1
        provider.sign = Provider(lambda: NOW).signed
        for _ in range(3):
            with pytest.raises(NotSignedOn, match="token"):
                await once()
        assert provider.seen.count("/jwks") == before + 1, "no key of nobody is looked for at every try"

    asyncio.run(story())


def test_without_a_provider_there_is_no_such_door(visitor: Visitor) -> None:
    assert visitor.get("/login/sso").status_code == 404
    assert "single sign-on" not in visitor.get("/login").text
