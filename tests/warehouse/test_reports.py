"""Reports: their spans, pictures, files made again byte by byte, and what the registry keeps of them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.boards.definition import Board, Tile
from warehouse.console.charts import Chart, Series
from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.reports import keeping
from warehouse.reports.calendar import last_whole, named
from warehouse.reports.drawing import svg
from warehouse.reports.errors import BadReport
from warehouse.reports.making import shipped, shipped_board
from warehouse.reports.manifest import Manifest, Section, changed, read_manifest
from warehouse.reports.page import html
from warehouse.reports.paper import pdf

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * 1_000_000
HOSTILE = "</text><script>alert(1)</script>"
LINE = Chart("line", ["a", "b", "c", "d"], [Series("x", [1, None, 3, 4]), Series("low", [0, 1, 2, 3])],
             band=("low",), marked=(2,))  # fmt: skip


def manifest() -> Manifest:
    """A report in Chinese with a picture, a table and a hostile title."""
    section = Section(
        title=f"渠道 {HOSTILE}",
        insight="trend",
        columns=["渠道", "n"],
        rows=[["微信报", 5], [HOSTILE, None]],
        chart=LINE,
    )
    return Manifest(
        name="visits",
        title="访问报告",
        label="2026-W46",
        language="zh",
        timezone="Asia/Shanghai",
        since="2026-11-08T16:00:00Z",
        until="2026-11-15T16:00:00Z",
        made_at="2026-11-16T00:00:00.5Z",
        made_by="ann",
        sections=[section, Section(title="x", insight="rfm", refused="no such event")],
    ).sealed()


@pytest.mark.parametrize(
    ("every", "timezone", "label", "since", "until"),
    [
        ("week", "UTC", "2026-W46", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"),
        ("week", "Asia/Shanghai", "2026-W46", "2026-11-08T16:00:00Z", "2026-11-15T16:00:00Z"),
        ("month", "UTC", "2026-10", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("month", "Europe/Berlin", "2026-10", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
    ],
)
def test_spans_are_whole_weeks_and_months_of_a_place(
    every: str, timezone: str, label: str, since: str, until: str
) -> None:
    found = last_whole(every, timezone, NOW)  # type: ignore[arg-type]
    moments = [int(datetime.fromisoformat(one).timestamp()) * 1_000_000 for one in (since, until)]
    assert (found.label, found.since, found.until) == (label, *moments)
    assert named(label, timezone) == found


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 4_000), st.sampled_from(["week", "month"]), st.sampled_from(["UTC", "America/New_York"])
)
def test_the_last_whole_span_has_just_ended(days: int, every: str, timezone: str) -> None:
    now = NOW - days * 86_400_000_000
    found = last_whole(every, timezone, now)  # type: ignore[arg-type]
    assert found.since < found.until <= now
    after = last_whole(every, timezone, now + (found.until - found.since) + 4 * 86_400_000_000)  # type: ignore[arg-type]
    assert after.since >= found.until
    assert named(found.label, timezone) == found


@pytest.mark.parametrize("label", ["2026-W60", "2026-13", "2026", "last", "", "0000-W01"])
def test_what_is_no_span_is_refused(label: str) -> None:
    with pytest.raises(BadReport, match="2026-W47"):
        named(label, "UTC")
    with pytest.raises(BadReport, match="Asia/Shanghai would do"):
        named("2026-W10", "../etc")


def test_pictures_hold_every_value_as_text() -> None:
    line = svg(LINE, HOSTILE)
    assert line.count("<polyline") == 3, "a line ends where there is nothing, and goes on after it"
    assert line.count("<circle") == 2, "a value alone, and one that stands out"
    assert "stroke-dasharray" in line
    stack = svg(Chart("stack", ["a"], [Series("new", [2]), Series("gone", [-3])]), "t")
    heights = [float(one) for one in re.findall(r'width="[\d.]+" height="([\d.]+)" fill="#(?:0f|b4)', stack)]
    assert heights[1] / heights[0] == pytest.approx(1.5, rel=0.01)
    heat = svg(Chart("heat", ["0", "1"], [Series(HOSTILE, [1.0, None])], rows=[HOSTILE], percent=True), "t")
    assert ">100%<" in heat
    assert heat.count("<rect") == 1
    assert svg(Chart("flow"), "t") == ""
    for picture in (line, heat):
        assert "<script" not in picture


def test_a_page_is_whole_and_the_same_each_time() -> None:
    one = manifest()
    page = html(one).decode()
    assert html(read_manifest(one.text())) == html(one)
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"' ]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page
    assert "微信报" in page
    assert "no such event" in page
    assert one.digest in page


def test_paper_is_the_same_in_another_process_and_holds_chinese() -> None:
    page = html(manifest())
    made = pdf(page)
    script = (
        "import hashlib, sys; from warehouse.reports.paper import pdf;"
        "print(hashlib.sha256(pdf(sys.stdin.buffer.read())).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", script], input=page, capture_output=True, check=True)
    assert done.stdout.decode().strip() == hashlib.sha256(made).hexdigest()
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    texts = b"".join(_inflated(one) for one in streams).lower()
    assert b"d:20261116000000" in texts, "the date is that of the manifest"
    for letter in "微信报访问":
        assert f"<{ord(letter):04x}>".encode() in texts, letter


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_letters_that_no_font_has_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    pdf("<p>\U0001ccf1\U0001ccf2 \U0001ccf1</p>".encode())
    assert [(one.name, one.levelname) for one in caplog.records] == [("sojourn", "WARNING")]
    assert "in place of \U0001ccf1\U0001ccf2: fonts-noto-cjk" in caplog.text


def test_what_pdf_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(BadReport, match=r"pip install 'sojourn\[reports\]'"):
        pdf(b"<p>")

    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(BadReport, match="libpangoft2"):
        pdf(b"<p>")
    assert keeping.remake(manifest()).paper is None


def test_a_report_reads_no_file_and_asks_no_host(tmp_path: Path) -> None:
    style = tmp_path / "page.css"
    style.write_text("p { font-size: 80pt }")
    page = f'<link rel="stylesheet" href="file://{style}"><img src="file://{style}"><p>a'.encode()
    made = pdf(page)
    style.unlink()
    assert pdf(page) == made
    with_style = page.replace(b"<p>", b"<style>p { font-size: 80pt }</style><p>")
    assert len(pdf(with_style)) != len(made)


def test_a_manifest_that_was_changed_is_told() -> None:
    one = manifest()
    assert changed(one) == []
    other = read_manifest(one.text().replace('"n"],"rows":[["微信报",5]', '"n"],"rows":[["微信报",6]'))
    assert len(changed(other)) == 1
    for wrong in ("{}", "[", one.text().replace('"format":1', '"format":2')):
        with pytest.raises(BadReport, match="manifest"):
            read_manifest(wrong)


def test_what_was_kept_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "pdf", lambda page: b"%PDF " + page)
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: NOW)
    kept = registry.keep_report(keeping.prepared(manifest()))
    made = keeping.remake(keeping.manifest_of(kept), kept)
    assert (made.same_page, made.same_paper, made.changed) == (True, True, [])
    other = msgspec.structs.replace(manifest(), title="other")
    made = keeping.remake(other, kept)
    assert (made.same_page, made.same_paper) == (False, False)
    assert registry.reports()[0].manifest == ""
    registry.drop_report(kept.id, "ann")
    with pytest.raises(RegistryError, match="no report"):
        registry.report(kept.id)
    registry.close()


def test_schedules_want_each_span_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "pdf", lambda page: page)
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: NOW)
    board = Board(name="b", tiles=(Tile(insight="rfm"),))
    made = keeping.schedule(registry, board, "week", "UTC", "zh", None, "ann")
    with pytest.raises(BadReport, match="timezone"):
        keeping.schedule(registry, board, "week", "Nowhere", "zh", None, "ann")
    ((_, wish),) = keeping.due(registry, NOW)
    assert (wish.span.label, wish.language, wish.board) == ("2026-W46", "zh", board)
    (stands,) = keeping.standing(registry, NOW)
    assert (stands.next, stands.last, stands.failed) == (NOW, None, None)
    registry.report_failed(made.id, "2026-W46", "the lake was asleep")
    registry.report_failed(99, "2026-W46", "nobody's")
    later = NOW + keeping.REST_US
    assert [keeping.rested(registry, at) == [] for at in (NOW, later - 1, later)] == [True, True, False]
    (stands,) = keeping.standing(registry, NOW)
    assert (stands.next, stands.failed and stands.failed.reason) == (later, "the lake was asleep")
    registry.keep_report(keeping.prepared(manifest(), made.id))
    assert keeping.due(registry, NOW) == []
    (stands,) = keeping.standing(registry, NOW)
    assert stands.next == named("2026-W47", "UTC").until
    assert stands.last
    assert stands.last.label == "2026-W46"
    registry.report_failed(made.id, "2026-W46", "somebody else was faster")
    assert registry.report_failures() == {}
    with pytest.raises(RegistryError, match="made already"):
        registry.keep_report(keeping.prepared(manifest(), made.id))
    ((_, wish),) = keeping.due(registry, NOW + 2 * 86_400_000_000)
    assert wish.span.label == "2026-W47"
    registry.drop_schedule(made.id, "ann")
    assert keeping.due(registry, NOW + 2 * 86_400_000_000) == []
    registry.close()


def test_every_template_can_be_read() -> None:
    assert shipped() == ["customers", "visits"]
    assert all(shipped_board(name).name == name for name in shipped())
    with pytest.raises(BadReport, match="there is customers, visits"):
        shipped_board("../x")
