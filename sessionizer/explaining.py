"""`sojourn identity explain`: the path of evidence between two ids, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, open_registry, print_json
from warehouse.evidence import Edge, Evidence, NamedId, find_id
from warehouse.evidence import explain as find_evidence
from warehouse.registry.decisions import Decided, Pair
from warehouse.times import iso

project_option = click.option("--project", help="Project of the ids, where several know them.")


@click.command()
@click.argument("a")
@click.argument("b")
@project_option
@data_option
@json_option
def explain(a: str, b: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Say why the ids A and B are one person, or what keeps them apart.

    An id is written as it was sent, or kind:value where several kinds have it; a customer id (c_...) stands
    for its oldest id.
    """
    settings = chosen(data)
    with open_reader(settings) as lake:
        found = find_evidence(lake, find_id(lake, a, project), find_id(lake, b, project))
    decided = open_registry(settings).decisions()
    if as_json:
        print_json(_as_json(found, decided))
    else:
        click.echo("\n".join(lines(found, decided)))


def lines(found: Evidence, decided: Sequence[Decided]) -> Iterator[str]:
    """What was found, a line for each link."""
    yield f"{_named(found.a)} and {_named(found.b)} {_verdict(found)}"
    for at, edge in enumerate(found.path):
        yield f"  {_link(edge)}{'  <- the weakest' if _is_weakest(found, at) else ''}"
        for decision in _about(edge, decided):
            when = iso(decision.decided_at)
            yield f"      decision {decision.no} by {decision.decided_by}, {when}: {decision.reason}"
    if found.probable is not None:
        yield f"  probably they are one person all the same: confidence {found.probable:.3f}"


def _verdict(found: Evidence) -> str:
    if found.one_person:
        return f"are one person, {found.a.customer_id}:"
    whose = f"are two persons, {found.a.customer_id} and {found.b.customer_id}"
    return f"{whose}; what would join them is blocked:" if found.path else f"{whose}; nothing links them"


def _link(edge: Edge) -> str:
    ends = f"{edge.left_kind}:{edge.left_value} - {edge.right_kind}:{edge.right_value}"
    by = f" by event {edge.message_id}" if edge.message_id else ""
    when = f" of {edge.at}" if edge.at else ""
    state = f", blocked by {edge.rule}" if edge.state == "blocked" else ""
    return f"{ends}: {edge.evidence}{by}{when}, load_seq {edge.load_seq}{state}"


def _is_weakest(found: Evidence, at: int) -> bool:
    return found.one_person and at == found.weakest and len(found.path) > 1


def _named(id: NamedId) -> str:
    return f"{id.kind}:{id.value}"


def _about(edge: Edge, decided: Sequence[Decided]) -> list[Decided]:
    """The decisions that hold of this pair."""
    pair = Pair(edge.left_kind, edge.left_value, edge.right_kind, edge.right_value)
    return [decision for decision in decided if decision.is_about(pair)]


def _as_json(found: Evidence, decided: Sequence[Decided]) -> dict[str, Any]:
    path = [
        msgspec.structs.asdict(edge) | {"decisions": [one.no for one in _about(edge, decided)]}
        for edge in found.path
    ]
    return msgspec.structs.asdict(found) | {"path": path}
