"""What people decide about identity: which pairs of ids it is about, entered in the registry and obeyed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from sdk_contract.keys import identity_key
from sessionizer.attributes import Rules
from sessionizer.errors import BadDecision
from sessionizer.identity import Decision, IdentityRules
from sessionizer.probable import edges
from sessionizer.probable.edges import Limits
from sessionizer.redecision import Redecided, redecide
from sessionizer.sessions import VisitRules
from sessionizer.statements import statement
from warehouse.evidence import NamedId, explain, find_id
from warehouse.lake import Lake
from warehouse.registry import Command, Registry
from warehouse.registry.decisions import Decided, Pair


class Desk(msgspec.Struct, frozen=True):
    """What is needed to obey: the lake, the registry, and all rules that hold now."""

    lake: Lake
    registry: Registry
    visits: VisitRules
    rules: Rules
    ids: IdentityRules
    probable: Limits | None


def decide(desk: Desk, command: Command) -> dict[str, Any]:
    """Enter a decision and decide again whom it concerns. The registry comes first, so that a kill in between
    does it again. BadDecision, BadIds, UnknownId.
    """
    args, registry = command.args, desk.registry
    decided = _entered(registry, command.id)
    if decided is None:
        project, pairs = _meant(desk.lake, args)
        decided = registry.decide(
            args["kind"],
            project,
            pairs,
            reason=_reason(args),
            by=command.filed_by,
            load_seq=_until(desk.lake),
            command=command.id,
        )
        registry.audit(command.filed_by, f"identity.{decided.kind}", _told(decided))
    return _obeyed(desk, decided)


def undo(desk: Desk, command: Command) -> dict[str, Any]:
    """A decision holds no more, and whom it concerned is decided again."""
    no = int(command.args["no"])
    before = desk.registry.decision(no)
    decided = desk.registry.undo_decision(
        no, reason=_reason(command.args), by=command.filed_by, command=command.id
    )
    if before.holds:
        desk.registry.audit(command.filed_by, "identity.undo", _told(decided))
    return _obeyed(desk, decided)


def holding(registry: Registry) -> list[Decision]:
    """The decisions that hold, as the fold takes them."""
    return [one for decided in registry.decisions() if decided.holds for one in _as_told(decided)]


def _as_told(decided: Decided) -> Iterable[Decision]:
    kind: Any = "merge" if decided.kind == "merge" else "block"
    for pair in decided.pairs:
        ends = msgspec.structs.asdict(pair)
        yield Decision(project=decided.project, kind=kind, load_seq=decided.load_seq, **ends)


def _entered(registry: Registry, command: int) -> Decided | None:
    return next((one for one in registry.decisions() if one.command == command), None)


def _obeyed(desk: Desk, decided: Decided) -> dict[str, Any]:
    keys = {
        identity_key(decided.project, kind, value)
        for pair in decided.pairs
        for kind, value in ((pair.left_kind, pair.left_value), (pair.right_kind, pair.right_value))
    }
    done = _again(desk, keys)
    pairs = len(decided.pairs)
    return {
        "decision": decided.no,
        "kind": decided.kind,
        "pairs": pairs,
        "ids": done.ids,
        "moved": done.moved,
    }


def _again(desk: Desk, keys: Collection[int]) -> Redecided:
    """Those who have to do with these ids, in one transaction."""
    decisions = holding(desk.registry)
    with desk.lake.transaction():
        done = redecide(
            desk.lake,
            keys,
            _until(desk.lake),
            visits=desk.visits,
            ids=desk.ids,
            rules=desk.rules,
            decisions=decisions,
        )
        if desk.probable is not None:
            edges.redecide(desk.lake, desk.probable, decisions)
    return done


def _meant(lake: Lake, args: Mapping[str, Any]) -> tuple[str, list[Pair]]:
    """The project, and the pairs a decision is about. BadDecision, BadIds, UnknownId."""
    kind, texts = args.get("kind"), args.get("ids") or []
    if kind not in _KINDS:
        raise BadDecision(f"kind is {kind!r}; it must be one of {', '.join(_KINDS)}")
    if len(texts) < 2 or (kind != "split" and len(texts) > 2):
        wanted = "a customer and at least one of its ids" if kind == "split" else "two ids"
        raise BadDecision(f"{kind} was given {len(texts)} ids; give {wanted}")
    ids = [find_id(lake, text, args.get("project")) for text in texts]
    _reason(args)
    return ids[0].project, _KINDS[kind](lake, ids)


def _reason(args: Mapping[str, Any]) -> str:
    reason = str(args.get("reason") or "").strip()
    if not reason:
        raise BadDecision("reason is empty; say why, such as the number of a request")
    return reason


def _blocked(lake: Lake, ids: Sequence[NamedId]) -> list[Pair]:
    """The link between two ids, or what makes them probably one person."""
    a, b = ids
    found = explain(lake, a, b)
    if found.probable is not None:
        return [_pair(a, b)]
    if not found.one_person:
        raise BadDecision(f"{_named(a)} and {_named(b)} are two persons already; there is nothing to block")
    ((direct,),) = lake.execute(statement("deciding/direct"), {"a": a.key, "b": b.key}).fetchall()
    if not direct:
        raise BadDecision(
            f"no event links {_named(a)} with {_named(b)}; they are one person over {len(found.path)} links:"
            " see `sojourn identity explain`, and block one of these, or split"
        )
    return [_pair(a, b)]


def _merged(lake: Lake, ids: Sequence[NamedId]) -> list[Pair]:
    a, b = ids
    if explain(lake, a, b).one_person:
        raise BadDecision(f"{_named(a)} and {_named(b)} are one person already, {a.customer_id}")
    return [_pair(a, b)]


def _split(lake: Lake, ids: Sequence[NamedId]) -> list[Pair]:
    """Every link between the ids that go and those that stay."""
    customer, parts = ids[0].customer_id, ids[1:]
    for id in parts:
        if id.customer_id != customer:
            raise BadDecision(f"{_named(id)} is not an id of {customer} but of {id.customer_id}")
        if sum(one.key == id.key for one in parts) > 1:
            raise BadDecision(f"{_named(id)} was given twice; give each id once")
    keys = [id.key for id in parts]
    ((others,),) = lake.query(statement("deciding/others"), [customer, keys])
    if not others:
        raise BadDecision(f"these are all ids of {customer}; leave at least one of them")
    return [Pair(*row) for row in lake.query(statement("deciding/between"), [keys, customer])]


_KINDS: Final[dict[str, Callable[[Lake, Sequence[NamedId]], list[Pair]]]] = {
    "block": _blocked,
    "split": _split,
    "merge": _merged,
}


def _pair(a: NamedId, b: NamedId) -> Pair:
    return Pair(a.kind, a.value, b.kind, b.value)


def _named(id: NamedId) -> str:
    return f"{id.kind}:{id.value}"


def _until(lake: Lake) -> int:
    ((load_seq,),) = lake.query("SELECT coalesce(max(load_seq), 0) FROM cursors WHERE name = 'stitch'")
    return int(load_seq)


def _told(decided: Decided) -> str:
    return msgspec.json.encode({"decision": decided.no, "reason": decided.reason}).decode()
