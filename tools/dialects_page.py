"""docs/dialects.md, made from the tables of the dialects and from what their modules say of themselves."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import getdoc
from typing import Final

from loadtest.sdks.known import BAD_ANSWERS, SDKS
from sdk_contract.dialects import Answer, Dialect, Outcome
from sdk_contract.dialects.known import DIALECTS

HEAD: Final = """# Protocols

Made from the tables in `sdk_contract/dialects/` by `python -m tools.write_docs`; a test compares the two.

Unmodified SDKs of these protocols send to Sojourn: set their host to the collector and their key to a write
key. What they send is translated at the door into events of Sojourn's own protocol, which is Segment's;
tracking plan, privacy rules, quotas and replay know no other. An event that cannot be translated is kept in
`rejected` as it was sent, and costs its neighbours nothing.

A slash at the end of an address changes nothing. Every protocol has its addresses once more under its own
name (`/posthog/batch`), where it has them to itself; an address of several goes by what the body looks
like.

A request is answered 200 when its events are on disk. The other answers are chosen by what the SDKs make of
them: nothing is answered that makes one of them drop what could have been sent again, or send again for
ever what can never be taken. Where an SDK sends again, an event that came without an id is known by its
content if it has a time, else it gets an id of its own.
"""
GIVEN_UP: Final = """## What SDKs give up by themselves

Each SDK that `python -m loadtest sdks` runs, and the answers after which it throws away what it sent: no
server can mend that, but it can answer something else, and does. After every other fault, a time-out and a
lost connection too, what was sent arrives, once (`--matrix`).
"""
MEANINGS: Final = {
    Outcome.ACCEPTED: "on disk",
    Outcome.BAD_ENVELOPE: "a body that is none of this protocol's",
    Outcome.UNKNOWN_KEY: "no such write key",
    Outcome.SLOW_BODY: "a body that does not arrive in time",
    Outcome.TOO_LARGE: "too many bytes or events",
    Outcome.OVER_QUOTA: "over the quota of the key or device",
    Outcome.OVERLOADED: "the disk cannot take more now",
    Outcome.BUSY: "this key sends more than its share",
    Outcome.DRAINING: "the collector is stopping",
}
_WIDEST: Final = 100


def markdown() -> str:
    """The whole page."""
    sections = "".join(f"\n{_section(dialect)}" for dialect in DIALECTS)
    return f"{HEAD}\n{_table(_overview())}{sections}\n{GIVEN_UP}\n{_table(_given_up())}"


def shared() -> dict[str, list[str]]:
    """The addresses of several dialects, in the order in which they are asked."""
    found: dict[str, list[str]] = {}
    for dialect in DIALECTS:
        for route in dialect.routes:
            names = found.setdefault(f"{route.method} {route.path}", [])
            if dialect.name not in names:
                names.append(dialect.name)
    return {address: names for address, names in found.items() if len(names) > 1}


def _overview() -> Iterator[tuple[str, ...]]:
    yield "protocol", "addresses", "its SDKs send again"
    for dialect in DIALECTS:
        paths = ", ".join(f"`{path}`" for path in dict.fromkeys(route.path for route in dialect.routes))
        yield f"[{dialect.name}](#{dialect.name})", paths, "yes" if dialect.resends else "no"


def _section(dialect: Dialect) -> str:
    module = import_module(f"sdk_contract.dialects.{dialect.name}")
    pieces = [f"## {dialect.name}\n\n{getdoc(module)}\n\n", _table(_addresses(dialect))]
    rivals = {address: names for address, names in shared().items() if dialect.name in names}
    if rivals:
        told = "; ".join(f"`{address}` of {', '.join(names)}" for address, names in rivals.items())
        pieces.append(f"\nShared, in the order in which they are asked: {told}.\n")
    return "".join((*pieces, "\n", _table(_answers(dialect))))


def _addresses(dialect: Dialect) -> Iterator[tuple[str, ...]]:
    yield "address", "takes"
    for route in dialect.routes:
        yield f"`{route.method} {route.path}`", f"events ({route.kind})"
    for config in dialect.configs:
        yield f"`{config.method} {config.path}`", "a question of the SDK before it sends"


def _answers(dialect: Dialect) -> Iterator[tuple[str, ...]]:
    yield "outcome", "status", "body"
    for outcome in Outcome:
        answer = dialect.answers[outcome]
        yield f"{outcome.value}: {MEANINGS[outcome]}", str(answer.status), _body(answer)


def _given_up() -> Iterator[tuple[str, ...]]:
    yield "package", "language", "gives up after"
    for sdk in SDKS:
        dropped = ", ".join(sorted(sdk.drops)) if len(sdk.drops) < len(BAD_ANSWERS) else "any of them"
        yield f"{sdk.package} (`{sdk.name}`)", sdk.language, dropped or "nothing"


def _body(answer: Answer) -> str:
    if not answer.body:
        return ""
    if not answer.content_type.startswith((b"application/json", b"text/")):
        return f"{answer.content_type.decode()}, {len(answer.body)} bytes"
    text = answer.body.decode()
    return f"`{text if len(text) <= _WIDEST else text[:_WIDEST] + '…'}`".replace("|", "\\|")


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|" + "---|" * (lines[0].count(" | ") + 1)
    return "\n".join((lines[0], rule, *lines[1:], ""))
