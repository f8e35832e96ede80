"""Seeded people: valid numbers of each kind, as strategies."""

from datetime import date

from hypothesis import strategies as st

from sdk_contract.privacy.checksums import _ID_CHECKS, _ID_WEIGHTS, _USCC_SIGNS, _USCC_WEIGHTS, passes_luhn

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAMES = st.text(LETTERS + "0123456789", min_size=1, max_size=12)
EMAILS = st.builds(
    lambda first, glue, last, host, top: f"{first}{glue}{last}@{host}.{top}",
    NAMES, st.sampled_from([".", "_", "-", "+", ""]), NAMES, NAMES,
    st.sampled_from(["com", "com.cn", "io", "museum"]),
)  # fmt: skip
DIGITS = "0123456789"
MOBILES = st.builds(
    lambda second, rest: f"1{second}{rest}",
    st.sampled_from("3456789"),
    st.text(DIGITS, min_size=9, max_size=9),
)
PHONES = MOBILES | st.builds(
    lambda mobile, form: form.format(mobile[:3], mobile[3:7], mobile[7:]),
    MOBILES,
    st.sampled_from(
        ["{} {} {}", "{}-{}-{}", "+86{}{}{}", "+86 {} {} {}", "0086-{}{}{}", "86{}{}{}", "(+86){}{}{}"]
    ),
)


def with_luhn(digits: str) -> str:
    return next(digits + check for check in DIGITS if passes_luhn(digits + check))


CARDS = st.builds(
    lambda begin, rest: with_luhn((begin + rest)[:15]),
    st.sampled_from(["4", "51", "55", "62", "6011", "3528"]), st.text(DIGITS, min_size=15, max_size=15),
)  # fmt: skip
GROUPED_CARDS = st.builds(
    lambda card, gap: gap.join(card[at : at + 4] for at in range(0, 16, 4)),
    CARDS,
    st.sampled_from(["", " ", "-"]),
)


def with_id_check(digits: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits, strict=True))
    return digits + _ID_CHECKS[total % 11]


ID_NUMBERS = st.builds(
    lambda province, rest, born, order: with_id_check(f"{province}{rest}{born:%Y%m%d}{order:03}"),
    st.sampled_from(["11", "31", "44", "51", "65"]), st.text(DIGITS, min_size=4, max_size=4),
    st.dates(date(1930, 1, 1), date(2025, 1, 1)), st.integers(0, 999),
)  # fmt: skip


def with_uscc_check(signs: str) -> str:
    total = sum(weight * _USCC_SIGNS[sign] for weight, sign in zip(_USCC_WEIGHTS, signs, strict=True))
    return signs + "0123456789ABCDEFGHJKLMNPQRTUWXY"[(31 - total % 31) % 31]


USCCS = st.builds(
    lambda begin, place, body: with_uscc_check(begin + place + body),
    st.sampled_from(["91", "92", "12", "52", "Y1"]), st.sampled_from(["100000", "110105", "440300"]),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9),
)  # fmt: skip
VALUES = st.one_of(EMAILS, PHONES, GROUPED_CARDS, ID_NUMBERS, USCCS)
