"""The rules of identity in plain Python, one event and one edge after the other."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from sdk_contract.keys import identity_key
from sessionizer.identity.lives import bare
from sessionizer.identity.places import meanings
from sessionizer.identity.rules import USUAL, IdentityRules
from tests.sessionizer.world import EPOCH, HOUR, Event, sessions_of

Id = tuple[str, str]
DAY = 24 * HOUR


class Edge(msgspec.Struct):
    """One row of identity_edges."""

    left: Id
    right: Id
    evidence: str
    message_id: str
    load_seq: int
    state: str
    rule: str | None
    day: int


class Row(msgspec.Struct):
    """What is known of an id."""

    first_load_seq: int
    first_seen: int
    last_seen: int
    first_day: int


def key_of(id: Id) -> int:
    return identity_key("shop", *id)


class Ids:
    """All events of a world taken in order of load."""

    def __init__(self, events: Iterable[Event], rules: IdentityRules = USUAL) -> None:
        self.rules = rules
        self.kinds = {kind.name: kind for kind in rules.kinds}
        self.rows: dict[Id, Row] = {}
        self.first_kind: dict[str, str] = {}
        self.edges: list[Edge] = []
        self.ended: list[Edge] = []  # what would have linked two lives of an id
        self.looks: dict[tuple[Id, Id], Edge] = {}
        self.reason: dict[Id, str] = {}
        self.group: dict[Id, set[Id]] = {}
        self.last_days: dict[Id, list[int]] = {}  # of each life
        self.shared: dict[
            str, tuple[int, int]
        ] = {}  # device -> load_seq of the first blocked edge, first login
        for event in sorted(events, key=lambda e: e.load_seq):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.anonymous_id:
            self.first_kind.setdefault(event.anonymous_id, "anonymous_id")
        alias = event.type == "alias" and event.previous_id and event.user_id
        if alias and event.previous_id != event.user_id:
            assert event.previous_id
            assert event.user_id
            left = (self.first_kind.get(event.previous_id, "anonymous_id"), event.previous_id)
            self._look(event, left, ("user_id", event.user_id), "alias")
        evidence = "identify" if event.type == "identify" else "same_event"
        living = {self._living(event, id, evidence) for id in self._ids(event)}
        ids = sorted(living, key=lambda id: (-self.kinds[bare(id[0])].priority, key_of(id)))
        accounts = [id for id in ids if self.is_account(id)]
        people = [id for id in ids if id not in accounts]
        for hub, *others in filter(None, (people, accounts)):
            self._name(event, hub)
            for other in others:
                self._look(event, other, hub, evidence)
        if people and accounts:
            self._look(event, people[0], accounts[0], evidence)

    def _ids(self, event: Event) -> set[Id]:
        fields = {"anonymous_id": event.anonymous_id, "user_id": event.user_id, "group_id": event.group_id}
        found = {(kind, value) for kind, value in fields.items() if value}
        said = object_of(event.traits) if event.type in ("identify", "group") else {}
        context = object_of(event.context)
        for where in (said, object_of(context.get("traits"))):
            for kind in self.rules.kinds:
                if event.type == "group" and where is said and kind.of != "account":
                    continue
                found |= self._read(kind.name, where, kind.traits)
        device = object_of(context.get("device"))
        found |= self._read("device_id", device, ("id",))
        return found | self._read("advertising_id", device, ("advertisingId",))

    def _read(self, kind: str, where: dict[str, Any], names: Iterable[str]) -> set[Id]:
        given = [where[name] for name in names if where.get(name)]
        texts = [one if isinstance(one, str) else json.dumps(one) for one in given]
        read = meanings([(kind, text) for text in texts], self.rules)
        return {(one.kind, one.value) for one in read if one.value is not None}

    def _living(self, event: Event, id: Id, evidence: str) -> Id:
        """The life of an id to which an event belongs."""
        ttl = self.kinds[id[0]].ttl_days
        if not ttl:
            return id
        day = day_of(event)
        lasts = self.last_days.setdefault(id, [day])
        life = next((n for n, last in enumerate(lasts) if day <= last + ttl), len(lasts))
        if life == len(lasts):
            lasts.append(day)
            ends = life_of(id, life + 1), life_of(id, life)
            rule = f"ttl_{id[0]}"
            self.ended.append(Edge(*ends, evidence, event.message_id, event.load_seq, "blocked", rule, day))
        elif life == len(lasts) - 1:
            lasts[life] = max(lasts[life], day)
        return life_of(id, life + 1)

    def _name(self, event: Event, id: Id) -> None:
        if id[0] in ("anonymous_id", "user_id"):
            self.first_kind.setdefault(id[1], id[0])
        hour = event.at // HOUR * HOUR
        row = self.rows.setdefault(id, Row(event.load_seq, event.at, hour, day_of(event)))
        row.first_seen, row.last_seen = min(row.first_seen, event.at), max(row.last_seen, hour)
        self.group.setdefault(id, {id})

    def _look(self, event: Event, left: Id, right: Id, evidence: str) -> None:
        self._name(event, left)
        self._name(event, right)
        before, day = self.looks.get((left, right)), day_of(event)
        if before and not (before.rule and before.rule.startswith("window_") and day > before.day):
            return
        edge = Edge(left, right, evidence, event.message_id, event.load_seq, "joined", None, day)
        self.looks[left, right] = edge
        self.edges.append(edge)
        if self.is_account(left) != self.is_account(right):
            edge.state = "member"
            return
        edge.rule = self._broken(edge)
        if edge.rule:
            edge.state = "blocked"
            return
        self.reason.setdefault(left, evidence)
        self.reason.setdefault(right, evidence)
        both = self.group[left] | self.group[right]
        self.group |= dict.fromkeys(both, both)

    def _broken(self, edge: Edge) -> str | None:
        a, b = self.group[edge.left], self.group[edge.right]
        if edge.right in a:
            return None
        if len(a | b) > self.rules.most_ids:
            return "most_ids"
        if sum(self._is_link(one, a) or self._is_link(one, b) for one in self.edges) > self.rules.most_links:
            return "most_links"
        return next((rule for kind in self.rules.kinds if (rule := self._over(kind.name, a, b, edge))), None)

    def _is_link(self, edge: Edge, within: set[Id]) -> bool:
        ends = edge.left in within or edge.right in within
        known = all(self.rows[id].first_load_seq < edge.load_seq for id in (edge.left, edge.right))
        return ends and known and edge.state == "joined"

    def _over(self, name: str, a: set[Id], b: set[Id], edge: Edge) -> str | None:
        kind = self.kinds[name]
        mine, theirs = ({id[1] for id in group if bare(id[0]) == name} for group in (a, b))
        if kind.limit is None or mine <= theirs or theirs <= mine:
            return None
        if kind.window_days:
            rows = [(id[1], self.rows[id].first_day) for id in a | b if bare(id[0]) == name]
            days = {value: min(day for one, day in rows if one == value) for value, _ in rows}
            within = sum(edge.day - day < kind.window_days for day in days.values())
            return f"window_{name}" if within > kind.limit else None
        if kind.limit == 1:
            same = edge.evidence == "alias" and edge.left[0] == edge.right[0] == name
            return None if same else f"unique_{name}"
        return f"limit_{name}" if len(mine | theirs) > kind.limit else None

    def is_account(self, id: Id) -> bool:
        return self.kinds[bare(id[0])].of == "account"

    def customer(self, id: Id) -> str:
        oldest = min((self.rows[one].first_load_seq, key_of(one)) for one in self.group[id])[1]
        return f"{'a' if self.is_account(id) else 'c'}_{oldest:016x}"

    def identities(self) -> list[tuple[Any, ...]]:
        rows = [self._identity(id, row) for id, row in self.rows.items()]
        return sorted(rows + [self._nobody(*one) for one in self.shared.items()], key=repr)

    def _nobody(self, device: str, since: tuple[int, int]) -> tuple[Any, ...]:
        key, (load_seq, login) = key_of(("shared_device", device)), since
        hour = login // HOUR * HOUR
        return (key, "shared_device", device, f"c_{key:016x}", load_seq, login, hour, "first_seen", None)

    def _identity(self, id: Id, row: Row) -> tuple[Any, ...]:
        customer = self.customer(id)
        named = customer.endswith(f"_{key_of(id):016x}")
        evidence = "first_seen" if named else self.reason[id]
        seen = (row.first_load_seq, row.first_seen, row.last_seen)
        return (key_of(id), *id, customer, *seen, evidence, date_of(row.first_day))

    def life_rows(self) -> list[tuple[Any, ...]]:
        """(key, key of the first life, number, last day) of each life."""
        rows = [
            (key_of(life_of(id, life)), key_of(id), life, date_of(last))
            for id, lasts in self.last_days.items()
            for life, last in enumerate(lasts, 1)
        ]
        return sorted(rows, key=repr)

    def edge_rows(self) -> list[tuple[Any, ...]]:
        rows = [
            (
                *(key_of(e.left), *e.left, key_of(e.right), *e.right),
                *(e.evidence, e.message_id, e.load_seq, e.state, e.rule, date_of(e.day)),
            )
            for e in (*self.edges, *self.ended)
        ]
        return sorted(rows, key=repr)

    def customers(self, sessions: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        by_key = {key_of(id): self.customer(id) for id in self.rows}
        nobodies = {key_of(("shared_device", device)): device for device in self.shared}
        by_key |= {key: f"c_{key:016x}" for key in nobodies}
        visits: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for session in sessions:
            if session[3] in by_key:
                visits[by_key[session[3]]].append(session)
        members: dict[str, list[Id]] = defaultdict(list)
        for id in self.rows:
            if not self.is_account(id):
                members[self.customer(id)].append(id)
        rows = [self._customer(name, ids, visits[name]) for name, ids in members.items()]
        own = [visits[by_key[key]] for key in nobodies if visits[by_key[key]]]
        rows += [self._customer(by_key[mine[0][3]], [("shared_device", "")], mine) for mine in own]
        return sorted(rows, key=repr)

    def _customer(self, name: str, ids: list[Id], visits: list[tuple[Any, ...]]) -> tuple[Any, ...]:
        first = min([visit[6] for visit in visits] or [self.rows[id].first_seen for id in ids])
        last = max([visit[7] for visit in visits] or [first, *(self.rows[id].last_seen for id in ids)])
        devices, users = (sum(kind == of for kind, _ in ids) for of in ("anonymous_id", "user_id"))
        events = sum(visit[10] for visit in visits)
        return name, first, last, devices, users, len(visits), events, len(ids)


def life_of(id: Id, life: int) -> Id:
    """An id's life, which is an id of its own from the second on."""
    return id if life == 1 else (f"{id[0]}@{life}", id[1])


def object_of(given: Any) -> dict[str, Any]:
    """A JSON object, or text that holds one; of anything else nothing."""
    found = json.loads(given) if isinstance(given, str) and given[:1] in '{["' else given
    return found if isinstance(found, dict) else {}


def day_of(event: Event) -> int:
    """Days from 1970 to the day on which the event was received."""
    return (event.received_at if event.received_at is not None else event.at) // DAY


def date_of(day: int) -> date:
    return date.fromordinal(EPOCH.date().toordinal() + day)


Visit = tuple[Any, ...]


def world_of(
    events: Iterable[Event], rules: IdentityRules = USUAL, ids: Ids | None = None
) -> tuple[Ids, list[Visit]]:
    """The ids of a world, or those given, and its sessions as whose they are."""
    events = list(events)
    ids = ids or Ids(events, rules)
    visits = sessions_of(events)
    owners: dict[str, list[tuple[int | None, int | None, int, str]]] = {}
    for device, load_seq in contested(ids).items():
        logins = sorted((v[6], v[0], v[3]) for v in visits if v[4] == device and v[5])
        if logins:
            owners[device] = intervals(device, logins, rules)
            if rules.logged_out == "nobody":
                ids.shared[device] = load_seq, logins[0][0]
    return ids, sorted((_pointed(visit, owners) for visit in visits), key=repr)


def contested(ids: Ids) -> dict[str, int]:
    """Device -> load_seq of the first blocked edge, where users of several customers were on it."""
    found = {}
    for device in {edge.left for edge in ids.edges if edge.left[0] == "anonymous_id"}:
        edges = [e for e in ids.edges if e.left == device and e.right[0] == "user_id"]
        blocked = [e for e in edges if e.state == "blocked"]
        foreign = [
            e
            for e in blocked
            if not (e.rule or "").startswith("most_") and ids.customer(e.right) != ids.customer(device)
        ]
        if foreign or len({ids.customer(e.right) for e in edges}) > 1:
            found[device[1]] = min(e.load_seq for e in blocked)
    return found


def intervals(
    device: str, logins: list[tuple[int, str, int]], rules: IdentityRules
) -> list[tuple[int | None, int | None, int, str]]:
    """(from, to, owner's key, rule) by the sessions with a user: their (start, id, user's key), in order."""
    first, _, user = logins[0]
    if rules.logged_out == "nobody":
        shared = key_of(("shared_device", device))
        return [(None, first, user, "first_user"), (first, None, shared, "nobody")]
    changes: list[tuple[int | None, int, str]] = [(None, user, "first_user")]
    for (at, _, now), (_, _, before) in zip(logins[1:], logins, strict=False):
        if now != before:
            changes.append((at, now, "last_user"))
    ends = [at for at, _, _ in changes[1:]] + [None]
    return [(at, end, owner, rule) for (at, owner, rule), end in zip(changes, ends, strict=True)]


def _pointed(visit: Visit, owners: dict[str, list[tuple[int | None, int | None, int, str]]]) -> Visit:
    if visit[5] is None and visit[4] in owners:
        for begins, ends, owner, _ in owners[visit[4]]:
            if (begins is None or visit[6] >= begins) and (ends is None or visit[6] < ends):
                return (*visit[:3], owner, *visit[4:])
    return visit
