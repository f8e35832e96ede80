"""How files are read: encodings, separators, rows that will not do, dates, amounts, and what columns mean."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sdk_contract.verdicts import Reason
from warehouse.imports.blocks import Block, open_source
from warehouse.imports.cells import boolean, iso, json, number
from warehouse.imports.dates import Dates, Unreadable
from warehouse.imports.errors import BadImport
from warehouse.imports.kinds import KINDS
from warehouse.imports.mapping import Cell, check_mapping, mapping_of
from warehouse.imports.suggesting import as_yaml, suggest

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEXT = "编号;名;注\n1;王;x\n2;李\n3;张;y;z\n4;赵;w\n"


def write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("written", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"),
     ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le")],
)  # fmt: skip
def test_any_encoding_gives_the_same_rows(tmp_path: Path, written: str, found: str) -> None:
    source = open_source(write(tmp_path, "c.csv", TEXT.encode(written)))
    assert (source.encoding, source.delimiter, source.columns) == (found, ";", ["编号", "名", "注"])
    (block,) = source.blocks()
    assert (block.rows, block.columns["名"]) == ([2, 5], ["王", "赵"])
    assert [(bad.row, bad.expected) for bad in block.bad] == [(3, "3 fields"), (4, "3 fields")]


def test_a_wrong_encoding_is_told_with_the_place(tmp_path: Path) -> None:
    path = write(tmp_path, "c.csv", TEXT.encode("gb18030"))
    with pytest.raises(BadImport, match="is not in utf-8: it cannot be read at byte 0; utf-8"):
        open_source(path, "utf-8")
    with pytest.raises(BadImport, match="'latin-9000' is not known"):
        open_source(path, "latin-9000")
    with pytest.raises(BadImport, match="no encoding that is known"):
        open_source(write(tmp_path, "d.csv", b"a,b\n\xff\xff\xff\xff,1\n"))


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [("c.xlsx", b"PK", ".xlsx is not known"), ("c.csv", b"", "is empty"),
     ("c.csv", b"a,a\n1,2\n", "the column 'a' twice"), ("c.parquet", b"PAR1", "cannot read")],
)  # fmt: skip
def test_files_that_will_not_do(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    with pytest.raises(BadImport, match=told):
        open_source(write(tmp_path, name, data))


def test_rows_keep_their_numbers_over_blocks(tmp_path: Path) -> None:
    lines = (f'{n},"{"x" * 200}"\n' if n % 9 else f"{n}\n" for n in range(2, 30_002))
    source = open_source(write(tmp_path, "c.csv", ("row,text\n" + "".join(lines)).encode()))
    blocks = list(source.blocks())
    assert len(blocks) > 2
    assert all(list(map(int, block.columns["row"])) == block.rows for block in blocks)
    bad = [one for block in blocks for one in block.bad]
    assert [int(one.text) for one in bad] == [one.row for one in bad]
    assert sum(len(block.rows) for block in blocks) + len(bad) == 30_000
    assert [block.number for block in source.blocks(2)] == [block.number for block in blocks[2:]]


def test_parquet_and_json_lines_keep_types(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"id": [1, 2], "at": [datetime(2026, 11, 3, tzinfo=UTC)] * 2}), tmp_path / "c.parquet"
    )
    (block,) = open_source(tmp_path / "c.parquet").blocks()
    assert block == Block(0, [1, 2], {"id": [1, 2], "at": [datetime(2026, 11, 3, tzinfo=UTC)] * 2})
    data = b'{"id": 1, "tags": ["a"]}\n\n[1]\n{"name": "x"}\n{"id": \n'
    (block,) = open_source(write(tmp_path, "c.jsonl", data)).blocks()
    assert (block.rows, block.columns["tags"], [bad.row for bad in block.bad]) == (
        [1, 4],
        [["a"], None],
        [3, 5],
    )


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-03", "2026-11-02T16:00:00Z"),
        ("2026-11-03 14:05:06", "2026-11-03T06:05:06Z"),
        ("2026-11-03T14:05:06.25+00:00", "2026-11-03T14:05:06.250000Z"),
        ("2026/11/3 9:05", "2026-11-03T01:05:00Z"),
        ("2026.11.03", "2026-11-02T16:00:00Z"),
        ("20261103", "2026-11-02T16:00:00Z"),
        ("2026年11月3日", "2026-11-02T16:00:00Z"),
        ("2026年11月3日 下午2:05", "2026-11-03T06:05:00Z"),
        ("2026年11月3日14时05分06秒", "2026-11-03T06:05:06Z"),
        ("2026/11/3 12:05 AM", "2026-11-02T16:05:00Z"),
        ("13/11/2026", "2026-11-12T16:00:00Z"),
        ("11/13/2026", "2026-11-12T16:00:00Z"),
        ("46329", "2026-11-02T16:00:00Z"),
        (46329.5, "2026-11-03T04:00:00Z"),
        ("1793690706", "2026-11-03T07:25:06Z"),
        (1793690706123, "2026-11-03T07:25:06.123000Z"),
        (datetime(2026, 11, 3, tzinfo=UTC), "2026-11-03T00:00:00Z"),
    ],
)
def test_times_as_people_write_them(value: object, moment: str) -> None:
    assert iso(Dates(SHANGHAI, None).read(value)) == moment


@pytest.mark.parametrize(
    "value", ["soon", "2026-13-01", "31/31/2026", "2026/2/30", "3/4/26", "12", "", True, None]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(Unreadable) as refused:
        Dates(SHANGHAI, None).read(value)
    assert refused.value.reason is Reason.BAD_TIME


def test_a_date_that_could_be_two_needs_an_order() -> None:
    with pytest.raises(Unreadable) as refused:
        Dates(SHANGHAI, None).read("03/04/2026")
    assert refused.value.reason is Reason.AMBIGUOUS_DATE
    assert iso(Dates(UTC, "dmy").read("03/04/2026")) == "2026-04-03T00:00:00Z"
    assert iso(Dates(UTC, "mdy").read("03/04/2026")) == "2026-03-04T00:00:00Z"
    with pytest.raises(Unreadable, match="--time-zone"):
        Dates(None, None).read("2026-11-03")


def test_amounts_and_other_cells() -> None:
    assert [number(text) for text in ("12", "-1,234.50", "¥ 99.9", "1e3", 7)] == [
        12,
        -1234.5,
        99.9,
        1000.0,
        7,
    ]
    for bad in ("12元", "1,23", "", "1.2.3", float("nan")):
        with pytest.raises(Unreadable):
            number(bad)
    assert [boolean("是"), boolean("No"), boolean(True)] == [True, False, True]
    assert json('[{"sku": "a"}]') == [{"sku": "a"}]
    with pytest.raises(Unreadable):
        json("{")


def test_columns_suggest_a_mapping_that_can_be_read_back() -> None:
    kind = KINDS["customers"]
    sample = {"客户编号": ["1001"], "E-Mail": ["a@x.cn"], "等级": ["3", "", "4"], "邮编": ["010000"]}
    mapping = suggest(kind, list(sample), sample)
    level = Cell("等级", of="number")
    assert mapping.fields == {"crm_id": "客户编号", "email": "E-Mail", "等级": level, "邮编": "邮编"}
    again = mapping_of(as_yaml(kind, mapping))
    assert (again.cells(), again.time_zone) == (mapping.cells(), None)
    check_mapping(again, kind, list(sample))
    assert suggest(kind, ["手机", "姓名"], {}).ids(kind) == ("手机",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fields: {order_id: nr, crm_id: kunde}", "there is no column 'kunde'; there is 'nr', 'x'"),
        ("fields: {crm_id: x}", "nothing names a row of orders: `order_id: <column>`"),
        ("fields: {order_id: nr}", "nothing says whose a row of orders is"),
        ("fields: {order_id: nr, crm_id: {column: x, value: 1}}", "field 'crm_id' needs either"),
        ("fields: {order_id: nr, crm_id: x}\ntime_zone: Mars/Base", "time zone 'Mars/Base' is none"),
        ("fields: {order_id: nr, crm_id: x}\nsource: a b", "source 'a b'"),
    ],
)
def test_mappings_that_do_not_fit(text: str, told: str) -> None:
    with pytest.raises(BadImport, match=told.replace("`", ".").replace("(", r"\(")):
        check_mapping(mapping_of(text), KINDS["orders"], ["nr", "x"])


@pytest.mark.parametrize(
    "text", ["fields: [a]", "feilds: {}", "fields: {a: b}\ndate_order: ymd", "a: [", "1"]
)
def test_texts_that_are_no_mapping(text: str) -> None:
    with pytest.raises(BadImport):
        mapping_of(text)
