"""The check digits that tell a card, an id number or a company's number from any other run of digits."""

import re
from datetime import date
from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# First digits of the issuers, with how many digits their cards have.
_CARDS: Final = tuple(
    (re.compile(begin), lengths)
    for begin, lengths in (
        ("4", (16, 19)),
        ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        ("3[47]", (15,)),
        ("62|81", (16, 17, 18, 19)),
        ("6011|64[4-9]|65", (16, 19)),
        ("35(?:2[89]|[3-8])", (16,)),
        ("36|38|39|30[0-5]", (14, 16)),
        ("220[0-4]", (16,)),
    )
)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_ID_FORM: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
# GB/T 2260: the provinces; 8x are Taiwan, Hong Kong and Macau, 91 foreigners with permanent residence.
_PROVINCES: Final = re.compile(r"1[1-5]|2[123]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123]|91")
_FIRST_BIRTH: Final = 1880
_LAST_BIRTH: Final = 2099
# GB 32100-2015: 31 signs, without I, O, S, V, Z.
_USCC_SIGNS: Final = {sign: value for value, sign in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
# Who registered it and as what, and where: a province, or 10 for the whole country.
_USCC_FORM: Final = re.compile(
    r"(?:1[1239]|2[19]|3[1-59]|4[19]|5[1-39]|[67][129]|8[19]|9[1-3]|A[19]|N[1-39]|Y1)"
    rf"(?:10|{_PROVINCES.pattern})[0-9]{{4}}[0-9A-HJ-NPQRTUWXY]{{10}}"
)


def is_card(digits: str) -> bool:
    """Tells whether digits without separators are a payment card's: issuer, length and Luhn."""
    if not digits.isdecimal() or not passes_luhn(digits):
        return False
    return any(len(digits) in lengths and begin.match(digits) for begin, lengths in _CARDS)


def passes_luhn(digits: str) -> bool:
    """Tells whether the last of the digits is the Luhn check of the others."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def is_id_number(text: str) -> bool:
    """Tells whether 18 signs are an id number of mainland China: province, birth date and check sign."""
    text = text.upper()
    if _ID_FORM.fullmatch(text) is None or _PROVINCES.match(text) is None or not _is_birth(text[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text[:17], strict=True))
    return text[17] == _ID_CHECKS[total % 11]


def is_uscc(text: str) -> bool:
    """Tells whether 18 signs are a 统一社会信用代码 (GB 32100-2015), by form and check sign."""
    text = text.upper()
    if _USCC_FORM.fullmatch(text) is None:
        return False
    total = sum(weight * _USCC_SIGNS[sign] for weight, sign in zip(_USCC_WEIGHTS, text[:17], strict=True))
    return _USCC_SIGNS[text[17]] == (31 - total % 31) % 31


def _is_birth(text: str) -> bool:
    try:
        return _FIRST_BIRTH <= date(int(text[:4]), int(text[4:6]), int(text[6:])).year <= _LAST_BIRTH
    except ValueError:
        return False
