"""The hot path: read, unpack, treat, judge, journal, reply. Raw ASGI; nothing here knows Starlette."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from collector.errors import JournalUnavailable
from collector.journal import Journal
from collector.keyring import Keyring
from collector.limits import Gate, Quota, SlowBodies
from collector.metrics import Counts
from collector.peer import Peers
from collector.protocol import answer_at_once, whole_body
from collector.scrub import peer_text, user_agent_text
from collector.settings import CollectorSettings
from collector.wire import Gone, Headers, Lines, Receive, Scope, Send, cors, read_body
from sdk_contract.addresses import treat
from sdk_contract.bodies import unpack
from sdk_contract.dialects import Answer, Dialect, outcome_of
from sdk_contract.errors import Refused
from sdk_contract.judging import BatchIds, PlanRule, judge
from sdk_contract.verdicts import Reason
from warehouse.registry import Key
from warehouse.segments import RecordHead

CLOSING = frozenset({Reason.SLOW_BODY, Reason.DRAINING})
FULL = Refused(Reason.OVERLOADED, "the journal cannot be written now")


class Parts(msgspec.Struct, frozen=True):
    """What a worker's hot path stands on. `rules` has the tracking plan by the plan mode of a key."""

    settings: CollectorSettings
    keyring: Keyring
    journal: Journal
    gate: Gate
    quota: Quota
    slow: SlowBodies
    counts: Counts
    peers: Peers
    batch_ids: BatchIds
    rules: Mapping[str, PlanRule]
    now: Callable[[], int]
    clock: Callable[[], float]


class Intake:
    """Takes the requests of all dialects. `fail` logs an unexpected error and gives the answer to it."""

    def __init__(self, parts: Parts, fail: Callable[[Exception], Answer]) -> None:
        self.parts, self.fail = parts, fail

    async def take(self, dialect: Dialect, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; never raises for what a client sent."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        extra = cors(origin) if origin else []
        counts = self.parts.counts.requests
        try:
            answer = await self._accept(dialect, kind, scope, headers, receive)
            counts[dialect.name, "accepted"] += 1
        except Refused as refused:
            answer = self._refusal(dialect, refused, extra)
        except JournalUnavailable:
            answer = self._refusal(dialect, FULL, extra)
        except Gone:
            counts[dialect.name, "gone"] += 1
            return
        except Exception as error:  # the client gets an id, the log the rest
            counts[dialect.name, "failed"] += 1
            answer = self.fail(error)
        await answer_at_once(scope, send, answer, extra)

    async def _accept(
        self, dialect: Dialect, kind: str, scope: Scope, headers: Headers, receive: Receive
    ) -> Answer:
        parts, gate = self.parts, self.parts.gate
        if (shut := gate.shut) is not None:
            raise Refused(shut, gate.full or shut.text)
        secret = dialect.find_key(headers, scope["query_string"], None)
        key = None if secret is None else self._key(secret)
        sent = whole_body(scope, parts.settings.body_limit)
        if sent is None:
            sent = await self._read(headers, receive)
        size = len(sent)
        gate.inflight += size
        try:
            encoding = headers.get(b"content-encoding", b"").decode("latin-1")
            body = unpack(sent, encoding, parts.settings.body_limit, parts.settings.ratio_limit)
            key = key or self._key(dialect.parse(kind, body).key)
            return await self._keep(dialect, kind, key, treat(body, key.ip_policy), scope, headers)
        finally:
            parts.counts.body_bytes += size
            gate.inflight -= size

    async def _keep(
        self, dialect: Dialect, kind: str, key: Key, body: bytes, scope: Scope, headers: Headers
    ) -> Answer:
        """Judges the treated body, makes it durable, and only then says what became of each event."""
        parts = self.parts
        parsed = dialect.parse(kind, body)
        number = len(parsed.events)
        self._admit(key, number)
        batch_id = parts.batch_ids.next()
        rule = parts.rules.get(key.plan_mode)
        judged = judge(parsed, kind, batch_id, parts.settings.event_limit, rule)
        if number:
            head = RecordHead(
                parts.now(), key.no, key.id, key.project, dialect.name, kind,
                self._ip(key, scope), user_agent_text(headers.get(b"user-agent"), key.ip_policy),
                parsed.sent_at, batch_id, rule.version if rule else None, judged.judgements,
            )  # fmt: skip
            await parts.journal.append(head, body, number)
        parts.counts.add(number, judged.judgements)
        return Answer(200, dialect.reply(judged.message_ids, judged.judgements))

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        """The body as sent, unless it takes too long."""
        parts = self.parts
        task = asyncio.current_task()
        assert task is not None
        parts.slow.begin(task, parts.clock())
        try:
            return await read_body(headers.get(b"content-length"), receive, parts.settings.body_limit)
        except asyncio.CancelledError:
            if not parts.slow.was_cut(task):
                raise
            raise Refused(Reason.SLOW_BODY, f"not complete after {parts.settings.body_seconds:g} s") from None
        finally:
            parts.slow.end(task)

    def _key(self, secret: str | None) -> Key:
        key = self.parts.keyring.find(secret)
        if key is None:
            raise Refused(
                Reason.UNKNOWN_KEY, "no write key was sent" if secret is None else Reason.UNKNOWN_KEY.text
            )
        return key

    def _admit(self, key: Key, events: int) -> None:
        parts = self.parts
        if events > parts.settings.batch_limit:
            raise Refused(
                Reason.TOO_MANY_EVENTS, f"{events} events, the limit is {parts.settings.batch_limit}"
            )
        if wait := parts.quota.wait(key.no, events, parts.clock()):
            raise OverQuota(wait)

    def _ip(self, key: Key, scope: Scope) -> str | None:
        client = scope["client"]
        peer = self.parts.peers.client(client[0] if client else None, scope["headers"])
        return None if peer is None else peer_text(peer, key.ip_policy)

    def _refusal(self, dialect: Dialect, refused: Refused, extra: Lines) -> Answer:
        """The dialect's answer to a refused request; adds the headers it needs to `extra`."""
        reason = refused.reason
        self.parts.counts.requests[dialect.name, outcome_of(reason).value] += 1
        wait = refused.seconds if isinstance(refused, OverQuota) else self.parts.gate.retry_after
        if reason.status in (429, 503):
            extra.append((b"retry-after", b"%d" % wait))
        if reason in CLOSING:
            extra.append((b"connection", b"close"))
        return dialect.refusal(reason, refused.detail)


class OverQuota(Refused):
    """The write key must wait `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(Reason.OVER_QUOTA, f"try again in {seconds} s")
        self.seconds = seconds
