import pytest
from hypothesis import given, settings

from sdk_contract.privacy.checksums import is_card, is_id_number, is_uscc, passes_luhn
from tests.sdk_contract.privacy.people import CARDS, ID_NUMBERS, USCCS

CHECK = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize(
    "digits",
    [
        "4111111111111111",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011111111111117",
        "3530111333300000",
        "30569309025904",
        "6222020200112230",
    ],
)
def test_cards_that_are_published_for_tests(digits: str) -> None:
    assert is_card(digits)


@pytest.mark.parametrize(
    "digits",
    ["4111111111111112", "4222222222222", "1700000000006", "9111111111111111", "", "41111111111111111"],
)
def test_what_is_no_card(digits: str) -> None:
    assert not is_card(digits)


# The examples of GB 11643 and GB 32100, and numbers that companies publish.
@pytest.mark.parametrize("text", ["11010519491231002X", "11010519491231002x", "440524188001010014"])
def test_an_id_number(text: str) -> None:
    assert is_id_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",
        "00010519491231002X",
        "11010519490231002X",
        "11010527491231002X",
        "1101051949123100",
        "99010519491231002X",
    ],
)
def test_what_is_no_id_number(text: str) -> None:
    assert not is_id_number(text)


@pytest.mark.parametrize(
    "text", ["91350100M000100Y43", "91110000600037341L", "91440300708461136T", "91110000600037341l"]
)
def test_a_company(text: str) -> None:
    assert is_uscc(text)


@pytest.mark.parametrize(
    "text", ["91350100M000100Y44", "91350100I000100Y43", "9135010", "91350100M000100Y4Z"]
)
def test_what_is_no_company(text: str) -> None:
    assert not is_uscc(text)


@given(CARDS)
@CHECK
def test_one_wrong_digit_shows(card: str) -> None:
    wrong = f"{card[:-1]}{(int(card[-1]) + 1) % 10}"
    assert is_card(card)
    assert not passes_luhn(wrong)


@given(ID_NUMBERS, USCCS)
@CHECK
def test_one_wrong_sign_shows(person: str, company: str) -> None:
    assert is_id_number(person)
    assert is_uscc(company)
    assert not is_id_number(person[:-1] + ("1" if person[-1] != "1" else "2"))
    assert not is_uscc(company[:-1] + ("1" if company[-1] != "1" else "2"))
