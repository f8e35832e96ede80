"""Ids are found in every spelling, as whole words alone, and nothing else is taken out."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pyarrow as pa
import pytest

from warehouse.erasure.needles import ERASED, Needles, whole

ID, MAIL, NAME, NUMBER = "user-4815162342", "ada.lovelace@example.com", "张伟-的-设备", "4815162342990"
NEEDLES = Needles([ID, MAIL, NAME, NUMBER, "lin"])


@pytest.mark.parametrize("text", [ID, MAIL, NAME, NUMBER])
@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: text,
        lambda text: text.upper(),
        lambda text: json.dumps({"a": f"\n{text}"}),
        lambda text: json.dumps(json.dumps({"a": f'"{text}"'})),
        lambda text: "".join(f"\\u{ord(sign):04X}" for sign in text),
        lambda text: f"https://shop.example/?who={quote(text, safe='')}&x=1",
        lambda text: quote(quote(f'"{text}"', safe=""), safe=""),
        lambda text: b64encode(f"x {text} y".encode()).decode(),
        lambda text: "a=" + urlsafe_b64encode(f"??{text}".encode()).decode().rstrip("="),
        lambda text: f"see {text}. Then",
        lambda text: f"mailto:{text},other",
    ],
)
def test_found_and_taken_out_in_every_spelling(text: str, spelled: object) -> None:
    data = spelled(text)  # type: ignore[operator]
    assert NEEDLES.stand_in(data.encode())
    assert not NEEDLES.stand_in(NEEDLES.cleared(data).encode())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_found_as_other_systems_write_it(encoding: str) -> None:
    assert NEEDLES.stand_in(f" {ID} ".encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "user-48151623421",
        "xuser-4815162342",
        "user-4815162342-b",
        "big.ada.lovelace@example.com",
        "ada.lovelace@example.com.au",
        "lin",
        "148151623429901",
        b64encode(b"xx user-48151623421 yy").decode(),
        b64encode(b"more-user-4815162342").decode(),
    ],
)
def test_a_part_of_another_word_is_somebody_else(text: str) -> None:
    assert not NEEDLES.stand_in(text.encode())
    assert NEEDLES.cleared(text) == text


def test_json_stays_json() -> None:
    text = json.dumps({"a": [int(NUMBER), ID], "b": {MAIL: None}, "c": 4815162342})
    assert json.loads(NEEDLES.cleared(text)) == {"a": [0, ERASED], "b": {ERASED: None}, "c": 4815162342}


def test_columns_row_by_row() -> None:
    column = pa.array(["abc", "user-48151", "62342", None, f"x {ID}", "user-", f"{NUMBER} z", f"{ID}1"])
    found = [False, False, False, False, True, False, True, False]
    for same in (column, column.dictionary_encode(), pa.concat_arrays([column, column]).slice(8)):
        assert NEEDLES.rows(same).tolist() == found
    assert whole(column, ["abc", "62342"]).tolist() == [True, False, True, *[False] * 5]
    assert whole(column.dictionary_encode(), [f"{ID}1"]).tolist() == [*[False] * 7, True]


def test_nobody_is_nowhere() -> None:
    nobody = Needles(["lin"])
    assert (nobody.weak, nobody.strong, nobody.stand_in(b"lin")) == (["lin"], [], False)
    assert nobody.rows(pa.array(["lin"])).tolist() == [False]
