import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.privacy import BadToken, KeyGone, SecretKey, Vault, hash_address
from tests.sdk_contract.privacy.keys import KEYS, VAULT

NEW = SecretKey("n" * 8, "encrypt", 99, b"\x09" * 32)


def test_a_hash_is_one_for_each_kind_value_and_key() -> None:
    token = VAULT.hash("email", "ada@example.com")
    assert re.fullmatch(r"sj:hash:aaaaaaaa:[A-Za-z0-9_-]{22}", token)
    assert token == Vault(reversed(KEYS)).hash("email", "ada@example.com")
    other = Vault([SecretKey("aaaaaaaa", "hash", 1, b"\x07" * 32)])
    assert len({token, VAULT.hash("email", "x"), VAULT.hash("name", "ada@example.com")}) == 3
    assert other.hash("email", "ada@example.com") != token


@given(st.text(max_size=50))
@settings(max_examples=100, deadline=None)
def test_what_is_encrypted_can_be_read_and_equal_texts_are_equal(text: str) -> None:
    token = VAULT.encrypt(text)
    assert re.fullmatch(r"sj:enc:bbbbbbbb:[A-Za-z0-9_-]+", token)
    assert (VAULT.decrypt(token), VAULT.encrypt(text)) == (text, token)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_what_is_sealed_can_be_read(data: bytes) -> None:
    token = VAULT.seal(data)
    assert token.startswith("sj:seal:cccccccc:")
    assert VAULT.unseal(token) == data


def test_texts_that_are_no_proper_unicode_are_kept_too() -> None:
    assert VAULT.decrypt(VAULT.encrypt("half \ud83d")) == "half \ud83d"
    assert VAULT.hash("text", "half \ud83d") != VAULT.hash("text", "half ")


def test_after_a_rotation_the_new_key_writes_and_the_old_one_still_reads() -> None:
    token = VAULT.encrypt("ada")
    rotated = Vault([NEW, *KEYS])
    assert rotated.encrypt("ada").startswith("sj:enc:nnnnnnnn:")
    assert rotated.decrypt(token) == "ada"


def test_a_forgotten_key_shreds() -> None:
    token = VAULT.encrypt("ada")
    without = Vault([NEW, *(key for key in KEYS if key.purpose != "encrypt")])
    with pytest.raises(KeyGone, match="'bbbbbbbb' is not here: it was forgotten"):
        without.decrypt(token)


def test_without_any_key_nothing_is_treated() -> None:
    with pytest.raises(KeyGone, match="'hash'"):
        Vault(()).hash("email", "ada@example.com")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ada",
        "sj:enc:bbbbbbbb:",
        "sj:enc:bbbbbbbb:AAAA",
        "sj:hash:aaaaaaaa:AAAA",
        VAULT.seal(b"x"),
        VAULT.encrypt("ada")[:-1],
    ],
)
def test_what_is_no_token_is_an_error(token: str) -> None:
    with pytest.raises(BadToken):
        VAULT.decrypt(token)


def test_a_token_cannot_be_moved_to_another_form() -> None:
    swapped = Vault([SecretKey("bbbbbbbb", "quarantine", 1, KEYS[1].secret)])
    with pytest.raises(BadToken, match="not whole"):
        swapped.unseal(VAULT.encrypt("ada").replace("sj:enc", "sj:seal"))


@pytest.mark.parametrize(
    ("kind", "one", "same"),
    [
        ("email", "Ada@Example.com ", "ada%40example.com"),
        ("phone", "138 1234 5678", "+8613812345678"),
        ("phone", "008613812345678", "13812345678"),
        ("user_id", " u1", "u1"),
    ],
)
def test_the_digest_of_an_id_does_not_depend_on_its_spelling(kind: str, one: str, same: str) -> None:
    assert VAULT.digest(kind, one) == VAULT.digest(kind, same)
    assert VAULT.digest(kind, one) != VAULT.digest("anonymous_id", one)
    assert len(VAULT.digest(kind, one)) == 22


def test_the_digest_outlives_the_hash_key() -> None:
    rotated = Vault([*KEYS, SecretKey("hhhhhhhh", "hash", 50, b"\x0a" * 32)])
    assert rotated.hash("x", "y") != VAULT.hash("x", "y")
    assert rotated.digest("user_id", "u1") == VAULT.digest("user_id", "u1")


def test_an_address_has_one_hash_in_every_spelling() -> None:
    spellings = ["203.0.113.9", "::ffff:203.0.113.9", "[::ffff:cb00:7109]"]
    assert len({hash_address(spelling, VAULT) for spelling in spellings}) == 1
    assert hash_address("2001:DB8::5", VAULT) == hash_address("2001:db8:0::5", VAULT)


def test_the_cipher_is_loaded_only_where_it_is_needed() -> None:
    code = (
        "import sys; from tests.sdk_contract.privacy.keys import VAULT; VAULT.hash('a', 'b');"
        "assert 'cryptography' not in sys.modules; VAULT.encrypt('a'); assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
