"""A report from its board: every tile is asked over one span, and what was answered is kept as rows."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec

from sdk_contract.errors import Terminal
from warehouse.access.roles import MASKED
from warehouse.access.scope import Scope
from warehouse.boards.definition import Board, Tile, read_board
from warehouse.console.charts import chart
from warehouse.console.texts import LANGUAGES, Texts
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.overview import Numbers, OverviewAnswer
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake
from warehouse.query import text
from warehouse.registry.alerts import Alert
from warehouse.reports.calendar import Span, zone_of
from warehouse.reports.errors import BadReport
from warehouse.reports.manifest import Manifest, Section, Value
from warehouse.times import iso

# What a report shows of personal fields, whoever makes it: it is passed on.
SCOPE: Final = Scope(masks=MASKED["viewer"])
_ROWS: Final = 60
_NUMBERS: Final = (
    "visitors",
    "visits",
    "customers",
    "conversion",
    "revenue",
    "bounce_rate",
    "seconds",
    "pages",
)
_PARTS: Final = ("visits", "converted", "conversion", "revenue")
_SHIPPED: Final = files("warehouse.reports") / "shipped"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is to be made of; `project`: where tiles name none."""

    board: Board
    span: Span
    timezone: str = "UTC"
    language: str = "en"
    project: str | None = None


def shipped() -> list[str]:
    """Names of the boards that come with the program."""
    return sorted(one.name.removesuffix(".yaml") for one in _SHIPPED.iterdir() if one.name.endswith(".yaml"))


def shipped_board(name: str) -> Board:
    if name not in shipped():
        raise BadReport(f"there is no template {name[:80]!r}; there is {', '.join(shipped())}")
    return read_board((_SHIPPED / f"{name}.yaml").read_text("utf-8"))


def make(lake: Lake, wish: Wish, alerts: Sequence[Alert], *, by: str, now: int) -> Manifest:
    """`alerts`: of the span. `lake` is one that is confined to `SCOPE`. BadReport; a tile that cannot be
    answered says why.
    """
    if wish.language not in LANGUAGES:
        raise BadReport(f"language {wish.language[:20]!r}: {' or '.join(LANGUAGES)} would do")
    zone_of(wish.timezone)
    if now < wish.span.until:
        raise BadReport(f"{wish.span.label} is not over; an earlier one would do")
    texts = Texts(wish.language)
    sections = [one for tile in wish.board.tiles for one in _sections(lake, wish, tile, texts, now)]
    name = wish.board.name
    return Manifest(
        name=name,
        title=texts.known(f"reports.of.{name}", name),
        label=wish.span.label,
        language=wish.language,
        timezone=wish.timezone,
        since=iso(wish.span.since),
        until=iso(wish.span.until),
        made_at=iso(now),
        made_by=by,
        sections=[*sections, _alerts(alerts, texts)],
    ).sealed()


def _sections(lake: Lake, wish: Wish, tile: Tile, texts: Texts, now: int) -> list[Section]:
    insight = INSIGHTS[tile.insight]
    title = tile.title or texts.known(f"insight.{insight.name}", insight.name)
    fixed = {"since": [iso(wish.span.since)], "until": [iso(wish.span.until)], "timezone": [wish.timezone]}
    given = {**wish.board.given(tile), **fixed}
    if wish.project and "project" not in given:
        given["project"] = [wish.project]
    try:
        question = from_texts(insight.question, given)
        answer = insight.ask(lake, question, now)
    except Terminal as error:
        return [Section(title=title, insight=insight.name, refused=str(error))]
    told = {
        "insight": insight.name,
        "question": msgspec.to_builtins(question),
        "notes": answer.notes(),
        "snapshot": answer.snapshot,
        "complete_until": answer.complete_until,
    }
    if isinstance(answer, OverviewAnswer):
        return _overview(answer, told, title, texts)
    table = insight.table(answer)
    rows = [[_plain(value) for value in row] for row in table.rows]
    drawn = chart(insight.name, answer, table) if tile.shows == "picture" else None
    more = max(0, len(rows) - _ROWS)
    return [Section(title=title, columns=table.columns, rows=rows[:_ROWS], more=more, chart=drawn, **told)]


def _overview(answer: OverviewAnswer, told: dict[str, Any], title: str, texts: Texts) -> list[Section]:
    """The numbers beside those before with the picture, then the values of each field."""
    columns = [
        texts("reports.number"),
        texts("reports.now"),
        texts("overview.before"),
        texts("reports.change"),
    ]
    numbers = [_number(name, answer, texts) for name in _NUMBERS]
    first = Section(title=title, columns=columns, rows=numbers, chart=chart("overview", answer, None), **told)
    found = [first]
    for field in answer.question.by:
        heads = [
            texts.known(f"number.by.{field}", field),
            *(texts.known(f"number.{one}", one) for one in _PARTS),
        ]
        parts = [one for one in answer.parts if one.field == field]
        rows = [[one.value or texts("overview.none"), *_values(one.numbers)] for one in parts]
        found.append(Section(title=heads[0], columns=heads, rows=rows, **told))
    return found


def _number(name: str, answer: OverviewAnswer, texts: Texts) -> list[Value]:
    now, before = getattr(answer.now, name), getattr(answer.before, name)
    unit = f" ({answer.currency})" if name == "revenue" and answer.currency else ""
    change = None if now is None or not before else f"{now / before - 1:+.1%}"
    return [texts(f"number.{name}") + unit, _short(name, now), _short(name, before), change]


def _values(numbers: Numbers) -> list[Value]:
    return [_short(name, getattr(numbers, name)) for name in _PARTS]


def _short(name: str, value: float | None) -> Value:
    if value is None:
        return None
    if name == "seconds":
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    return f"{value:.1%}" if name in ("conversion", "bounce_rate") else round(value)


def _alerts(alerts: Sequence[Alert], texts: Texts) -> Section:
    heads = [texts(f"alerts.{name}") for name in ("at", "watch", "value", "expected", "severity", "state")]
    rows = [_alert(one, texts) for one in alerts]
    more = max(0, len(rows) - _ROWS)
    return Section(title=texts("alerts.title"), insight="alerts", columns=heads, rows=rows[:_ROWS], more=more)


def _alert(one: Alert, texts: Texts) -> list[Value]:
    severity = texts.known(f"alerts.severity.{one.severity}", one.severity)
    state = texts.known(f"alerts.state.{one.state}", one.state)
    return [iso(one.at), one.watch, one.value, one.expected, severity, state]


def _plain(value: Any) -> Value:
    return value if value is None or isinstance(value, str | int | float | bool) else text(value)
