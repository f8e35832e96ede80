"""What becomes of one request between reading and writing it, one named step after the other."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Raw

from collector.devices import Devices, Over, without
from collector.exchange import Exchange
from collector.gate import Gate
from collector.geo import Geo, places_at_once, places_of
from collector.journal import Journal
from collector.keyring import Keyring
from collector.limits import SlowBodies
from collector.metrics import Counts
from collector.quarantine import KEPT_BYTES, Room, judgement, sealed
from collector.quota import Quota
from collector.recent import Recent
from collector.scrub import peer_text, user_agent_text
from collector.settings import CollectorSettings
from collector.shedding import Busy, Cause, Shedding
from collector.validate import VALIDATE
from collector.visitor import Visitors, is_of_page
from collector.wire import Headers, Lines
from sdk_contract.addresses import treat
from sdk_contract.dialects import Dialect
from sdk_contract.errors import Refused
from sdk_contract.judging import BatchIds, Judged, judge
from sdk_contract.peers import Peers
from sdk_contract.privacy import Vault, signals_of
from sdk_contract.privacy.policy import NONE
from sdk_contract.verdicts import Reason
from warehouse.protect import Kept, protect
from warehouse.registry import Key
from warehouse.rules import KeyRules
from warehouse.segments import Place, RecordHead


class Parts(msgspec.Struct, frozen=True):
    """What a worker's hot path stands on. `vault` gives the keys to seal with, `report` logs a fault."""

    settings: CollectorSettings
    keyring: Keyring
    journal: Journal
    gate: Gate
    quota: Quota
    devices: Devices
    shedding: Shedding
    slow: SlowBodies
    counts: Counts
    peers: Peers
    geo: Geo
    visitors: Visitors
    recent: Recent
    room: Room
    batch_ids: BatchIds
    vault: Callable[[], Awaitable[Vault]]
    report: Callable[[Exception], str]
    now: Callable[[], int]
    clock: Callable[[], float]


class Asked(msgspec.Struct, gc=False):
    """One request without its body; `extra` are the headers that its answer gets.

    `rivals`: who else has its address, with the kind there; the body tells whose request it is.
    `anonymous`: its sender asks that neither its address nor a cookie is kept. `size`: bytes of the body as
    sent, once it is here: they are in flight until the answer.
    """

    dialect: Dialect
    kind: str
    request: Exchange
    headers: Headers
    extra: Lines
    rivals: Sequence[tuple[Dialect, str]] = ()
    anonymous: bool = False
    size: int = 0


class Sender(msgspec.Struct, gc=False):
    """What all requests with one head have in common under the same rules: `ip` and `agent` as they are kept.

    `peer` is the address as it is, `signals` what the browser asked for.
    """

    of_key: KeyRules
    peer: str | None
    ip: str | None
    agent: str | None
    signals: str | None


class Treated(msgspec.Struct, gc=False):
    """A request as it may be written, and what its sender is told."""

    head: RecordHead
    body: bytes
    judged: Judged


def treat_request(parts: Parts, asked: Asked, kind: str, of_key: KeyRules, body: bytes) -> Treated:
    """Finds places, treats addresses, judges, protects. Refused for the whole; other errors are ours.

    `kind` is the dialect's, `body` the unpacked text as it was sent.
    """
    key, dialect = of_key.key, asked.dialect
    sender, geo = sender_of(parts, asked, of_key), parts.geo
    places = _places(geo, dialect, kind, body) if geo.on and b'"ip"' in body else {}
    body = treat(body, key.ip_policy, of_key.vault)
    parsed = dialect.parse(kind, body)
    over = admit(parts, key, parsed.events)
    signals, batch_id, rules = sender.signals, parts.batch_ids.next(), of_key.rules
    judged = judge(parsed, kind, batch_id, parts.settings.event_limit, rules, signals)
    if judged.trouble is not None:
        parts.report(judged.trouble)
    if over.events:
        judged = without(judged, over)
    judgements, sent_at = judged.judgements, parsed.sent_at
    if of_key.policy is not None or (judgements and (rules is not None or over.events)):
        kept = protect(Kept(body, judgements, sent_at), dialect, kind, parsed, judged, of_key)
        body, judgements, sent_at = kept.body, kept.judgements, kept.sent_at
    rule = None if rules is None else rules.plan
    head = RecordHead(
        parts.now(), key.no, key.id, key.project, dialect.name, kind, sender.ip, sender.agent,
        sent_at, batch_id, rule.version if rule is not None and rule.judges else None, judgements,
        geo.place(sender.peer), places,
        visitor_of(parts, asked, of_key, signals) if parts.visitors.name else None, signals, of_key.privacy,
    )  # fmt: skip
    return Treated(head, body, judged)


def sender_of(parts: Parts, asked: Asked, of_key: KeyRules) -> Sender:
    """Kept with the head. What asks to be anonymous says so in its body, and is looked at each time."""
    head = asked.request.head
    found: Sender | None = head.sender
    if found is not None and found.of_key is of_key and not asked.anonymous:
        return found
    peer, key = peer_of(parts, asked), of_key.key
    ip = None if peer is None else peer_text(peer, key.ip_policy, of_key.vault)
    headers = asked.headers
    signals = signals_of(headers) if b"sec-gpc" in headers or b"dnt" in headers else None
    sender = Sender(of_key, peer, ip, agent_of(asked, of_key), signals)
    if not asked.anonymous:
        head.sender = sender
    return sender


def agent_of(asked: Asked, of_key: KeyRules) -> str | None:
    """The user agent as the key's rules let it be kept."""
    sent, policy = asked.headers.get(b"user-agent"), of_key.policy
    if policy is None:
        return user_agent_text(sent, of_key.key.ip_policy, NONE, of_key.vault)
    return user_agent_text(sent, of_key.key.ip_policy, policy, of_key.vault)


def peer_of(parts: Parts, asked: Asked) -> str | None:
    """The address that the request comes from, as it is; None where it is not to be kept."""
    return None if asked.anonymous else parts.peers.client(asked.request.client, asked.request.head.headers)


def _places(geo: Geo, dialect: Dialect, kind: str, body: bytes) -> dict[int, Place]:
    """Places of events that bring their own address, which is gone once the body is treated."""
    places = places_at_once(kind, body, geo)
    return places_of(dialect.parse(kind, body), geo) if places is None else places


def admit(parts: Parts, key: Key, events: Sequence[Raw]) -> Over:
    """Which events are over their devices' quota. Refused where there are too many, at once or for now.

    Those do not count against the key's quota: a device that floods must not use it up.
    """
    number, limit = len(events), parts.settings.batch_limit
    if number > limit:
        raise Refused(Reason.TOO_MANY_EVENTS, f"{number} events, the limit is {limit}")
    if parts.shedding.queue.full(key.no):
        raise Busy(Cause.JOURNAL, "more is sent than the disk takes")
    over = parts.devices.charge(key.no, events)
    if over.events and len(over.events) == number:
        raise OverQuota(over.seconds)
    if wait := parts.quota.charge(key, number - len(over.events)):
        raise OverQuota(wait)
    return over


class OverQuota(Refused):
    """The write key, or the device, must wait `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(Reason.OVER_QUOTA, f"try again in {seconds} s")
        self.seconds = seconds


def visitor_of(parts: Parts, asked: Asked, of_key: KeyRules, signals: str | None) -> str | None:
    """The browser's id; that of a page is given one, and time to keep it, unless it asked to be let alone."""
    visitors, headers = parts.visitors, asked.headers
    if asked.anonymous:
        return None
    if signals and not of_key.no_cookie.isdisjoint(signals.split(",")):
        return None
    sent = visitors.sent(headers)
    if not is_of_page(headers) or asked.kind == VALIDATE:
        return sent
    visitor = sent or parts.batch_ids.next()
    asked.extra.append(visitors.header(visitor))
    return visitor


async def quarantine(parts: Parts, asked: Asked, of_key: KeyRules, body: bytes, refused: Refused) -> None:
    """Keeps a body that cannot be read, encrypted, so that it can be looked at or sent again."""
    key, now, reason = of_key.key, parts.now(), refused.reason
    if not parts.room.take(key.no, min(len(body), KEPT_BYTES), now):
        parts.counts.quarantined[reason.value, "over_quota"] += 1
        return
    sender, judged = sender_of(parts, asked, of_key), judgement(reason, refused.detail)
    head = RecordHead(
        now, key.no, key.id, key.project, asked.dialect.name, asked.kind, sender.ip, sender.agent, None,
        parts.batch_ids.next(), judgements=[judged], place=parts.geo.place(sender.peer),
        signals=sender.signals, privacy=of_key.privacy, sealed=True,
    )  # fmt: skip
    await parts.journal.append(head, sealed(body, await parts.vault()), 1)
    parts.counts.add(1, [judged])
    parts.counts.quarantined[reason.value, "kept"] += 1
