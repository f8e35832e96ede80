"""One way of writing: what is said of people, and the records that come of it."""

from typing import Any

import pyarrow as pa
import pytest

from sessionizer.probable.people import KEYS, SAID, workshop

pytest.importorskip("pypinyin", reason="the extra probabilistic is not installed")

CASES: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
    ({"name": "王小明"}, {"family": "wang", "given": "xiaoming", "given_han": "小明"}),
    ({"name": "欧阳 娜娜"}, {"family": "ouyang", "given": "nana", "given_han": "娜娜"}),
    ({"family": "王", "given": "小明"}, {"family": "wang", "given": "xiaoming", "given_han": "小明"}),
    ({"name": "José  Smith"}, {"family": "smith", "given": "jose", "given_han": None}),
    ({"name": "Smith, José"}, {"family": "smith", "given": "jose"}),
    ({"name": "Ada"}, {"family": None, "given": "ada"}),
    ({"family": "O'Neil", "given": "ANN"}, {"family": "o neil", "given": "ann"}),
    ({"name": " . "}, {"family": None, "given": None}),
    ({"birthday": "1990-01-31"}, {"birthday": "19900131"}),
    ({"birthday": "1990-01-31T00:00:00Z"}, {"birthday": "19900131"}),
    ({"birthday": "1990年1月31日"}, {"birthday": "19900131"}),
    ({"birthday": "19900131"}, {"birthday": "19900131"}),
    ({"birthday": "31.1.1990"}, {"birthday": "19900131"}),
    ({"birthday": "?"}, {"birthday": None}),
    ({"phone": "+86 138-0013-8000"}, {"phone": "3800138000"}),
    ({"phone": "013800138000"}, {"phone": "3800138000"}),
    ({"phone": "12"}, {"phone": None}),
    ({"phone": "h_9f2c"}, {"phone": "h_9f2c"}),
    ({"email": " Lin.Wei+news@Example.COM "}, {"email": "lin.wei+news@example.com", "mailbox": "lin.wei"}),
    ({"email": "h_9f2c"}, {"email": "h_9f2c", "mailbox": None}),
    ({"official": "11010519491231002x"}, {"official": "11010519491231002x"}),
    ({"official": "1101 0519-4912"}, {"official": "110105194912"}),
    ({"street": "8 Stanley St."}, {"street": "stanley st", "number": "8"}),
    ({"street": "朝阳区建国路88号"}, {"number": "88"}),
    ({"street": "Stanley St", "number": "8a"}, {"street": "stanley st", "number": "8a"}),
    ({"city": " Zürich "}, {"city": "zurich"}),
)


def test_records() -> None:
    said = [{"id": number, **given} for number, (given, _) in enumerate(CASES)]
    with workshop(pa.Table.from_pylist(said, schema=SAID), 1, "1GB") as con:
        found = con.execute("SELECT * FROM people ORDER BY id").to_arrow_table().to_pylist()
    for (given, wanted), record in zip(CASES, found, strict=True):
        assert {name: record[name] for name in wanted} == wanted, given


def test_keys_that_too_many_share_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten that live in one street and two at one address, only the two are compared for it."""
    monkeypatch.setattr("sessionizer.probable.people.PAIRS", 0)
    crowd = [{"id": number, "name": f"A{number} Wang", "city": "Rome"} for number in range(10)]
    twins = [{"id": number, "name": "Bo Li", "birthday": "19900131"} for number in (10, 11)]
    with workshop(pa.Table.from_pylist([*crowd, *twins], schema=SAID), 1, "1GB") as con:
        blocked = {
            key: con.execute(f"SELECT id FROM candidates WHERE {key} IS NOT NULL ORDER BY id").fetchall()
            for key in KEYS
        }
    assert blocked["by_city_family"] == []
    assert blocked["by_name"][-2:] == blocked["by_given_birthday"] == [(10,), (11,)]
