"""What a set of rules wants to know of each event, as SQL over `moments`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from sessionizer.visits.rules import SessionRules
from warehouse.catalogs.text import quoted
from warehouse.imports.kinds import KINDS, LIBRARY

_CAMPAIGN: Final = "campaign_source, campaign_medium, campaign_name, click_id"
_SDK_SESSIONS: Final = (
    *("e.context->>'$.sessionId'", "e.context->>'$.session_id'", "e.context->>'$.session.id'"),
    *("e.properties->>'$.\"$session_id\"'", "e.properties->>'$.session_id'"),
)
# SDKs that run on servers: analytics-node, analytics-python, posthog-php, Snowplow's py-1.1.0, Java, ...
_SERVER_LIBRARIES: Final = (
    "(^|[^a-z])(node|nodejs|python|py|ruby|rb|golang|go|java|php|rust|perl|elixir|scala|dotnet|net|aspnetcore)"
    "(-server| sdk)?([-/@ ]?v?[0-9][^/]*)?$"
)
_OF_NOBODY: Final = "coalesce(e.{device}, '') = '' AND coalesce(e.{user}, '') = ''"
_OF_SERVER: Final = (
    "coalesce(e.{device}, '') = '' AND e.library_name IS NOT NULL"
    f" AND regexp_matches(lower(e.library_name), '{_SERVER_LIBRARIES}')"
)
# What an imported row is, and not what somebody did.
_STANDING: Final = tuple(kind.event for kind in KINDS.values() if kind.event and kind.event == kind.changed)
_IMPORTED: Final = f"e.library_name = '{LIBRARY}'"


def of_moments(rules: SessionRules) -> dict[str, str]:
    """The parts of the statement `moments`."""
    sdk = f"nullif(coalesce({', '.join(_SDK_SESSIONS)}), '')" if rules.sdk_sessions else "NULL::VARCHAR"
    return {"sdk_session": sdk, "apart": apart(rules)}


def apart(rules: SessionRules, *, of_moments: bool = False) -> str:
    """Why an event makes no visit, of the table alias `e`, as in `fates`; null: it makes one.

    `e` is events, or the view `moments`, where ids as they were sent have names of their own: also an id
    that means nobody stands for a visit.
    """
    said = "said_" if of_moments else ""
    ids = {"device": f"{said}anonymous_id", "user": f"{said}user_id"}
    reasons = [
        (_OF_NOBODY.format(**ids), "nobody"),
        *([] if rules.bots else [("e.is_bot", "bot")]),
        (f"{_IMPORTED} AND (e.type = 'identify' OR e.event IN ({_texts(_STANDING)}))", "server"),
        *([] if rules.servers else [(_OF_SERVER.format(**ids), "server"), (_IMPORTED, "server")]),
        *([("e.type NOT IN ('page', 'screen')", "uncounted")] if rules.counts == "pages" else []),
        *([(f"e.event IN ({_texts(rules.ignores)})", "uncounted")] if rules.ignores else []),
    ]
    cases = "".join(f" WHEN {test} THEN '{reason}'" for test, reason in reasons)
    return f"CASE{cases} END"


def of_atoms(rules: SessionRules) -> dict[str, str]:
    """The parts of the statement `event_atoms`: numbers and keys, null where no rule asks."""
    named = _texts(rules.ends_after)
    return {
        "campaign": _key(f"coalesce({_CAMPAIGN})", _CAMPAIGN) if rules.campaign else "NULL::BIGINT",
        "referrer": _key("from_site", "from_site") if rules.referrer else "NULL::BIGINT",
        "visit": _key("sdk_session", "sdk_session") if rules.sdk_sessions else "NULL::BIGINT",
        "mobile": "mobile" if rules.mobile_gap is not None else "NULL::BOOLEAN",
        "ends": f"coalesce(event IN ({named}), false)" if named else "NULL::BOOLEAN",
        "day": _day(rules, "happened_at"),
    }


def of_seeds(rules: SessionRules) -> dict[str, str]:
    """The parts of `seeds`, sessions that are gone on from: the day of their last event."""
    return {"day": _day(rules, "ended_at")}


class Looked(msgspec.Struct, frozen=True):
    """What several sets of rules look at: the columns as SQL, and by what name each set finds its own.

    `zones`: the time zones in which the day of each event is wanted, by the name of that column.
    """

    sql: str
    zones: dict[str, str]
    names: tuple[dict[str, str], ...]


def of_several(sets: Sequence[SessionRules]) -> Looked:
    """The parts of the statement `numbers`: a column for each thing that any of the sets wants to know."""
    wanted = [_wanted(rules) for rules in sets]
    distinct = list(dict.fromkeys(sql for one in wanted for sql in one.values()))
    named = {sql: f"looked_at_{number}" for number, sql in enumerate(distinct)}
    columns = "".join(f", {sql} AS {name}" for sql, name in named.items())
    zones = {f"looked_at_{rules.day_of}": rules.day_of for rules in sets if rules.day_of is not None}
    names = tuple(
        {role: named[sql] for role, sql in one.items()}
        | ({} if rules.day_of is None else {"day": f"looked_at_{rules.day_of}"})
        for rules, one in zip(sets, wanted, strict=True)
    )
    return Looked(columns, zones, names)


def _wanted(rules: SessionRules) -> dict[str, str]:
    atoms = of_atoms(rules)
    keys = {"campaign": rules.campaign, "referrer": rules.referrer, "visit": rules.sdk_sessions}
    return (
        {name: f"coalesce({atoms[name]}, 0)" for name, wanted in keys.items() if wanted}
        | {name: atoms[name] for name in _flags(rules) if name != "day"}
        | {"counts": f"({apart(rules, of_moments=True)}) IS NULL"}
    )


def looked_at(rules: SessionRules) -> dict[str, str]:
    """The parts of the statement `ordered`: columns that only some rules need."""
    keys = {"campaign": rules.campaign, "referrer": rules.referrer}
    sql = [f", coalesce({name}_key, 0) AS {name}" for name, wanted in keys.items() if wanted]
    return {"looked_at": "".join([*sql, *(f", {name}" for name in _flags(rules))])}


def _flags(rules: SessionRules) -> list[str]:
    flags = {
        "day": rules.day_of is not None,
        "mobile": rules.mobile_gap is not None,
        "ends": bool(rules.ends_after),
    }
    return [name for name, wanted in flags.items() if wanted]


def _texts(names: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(name)}'" for name in names)


def _key(known: str, values: str) -> str:
    """A number for a text or several; null where all are."""
    return f"CASE WHEN {known} IS NOT NULL THEN (hash({values}) >> 1)::BIGINT END"


def _day(rules: SessionRules, moment: str) -> str:
    """Number of the calendar day in the rules' time zone."""
    if rules.day_of is None:
        return "NULL::BIGINT"
    return f"datediff('day', DATE '1970-01-01', timezone('{quoted(rules.day_of)}', {moment})::DATE)"
