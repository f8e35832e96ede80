"""The hot path: read, unpack, treat, judge, protect, journal, reply. Nothing of ASGI."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from collector.errors import JournalUnavailable
from collector.exchange import Exchange
from collector.pipeline import Asked, OverQuota, Parts, Treated, quarantine, treat_request
from collector.quarantine import UNREADABLE
from collector.shedding import Busy
from collector.validate import BATCH, VALIDATE, kind_of, validation
from collector.wire import Gone, cors
from sdk_contract.bodies import inflate, unpack
from sdk_contract.dialects import Answer, Dialect, Sent, outcome_of
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.rules import KeyRules

CLOSING = frozenset({Reason.SLOW_BODY, Reason.DRAINING})
FULL = Refused(Reason.OVERLOADED, "the journal cannot be written now")
UNDECLARED = 256 * 1024
Targets: TypeAlias = Sequence[tuple[Dialect, str]]
NOT_STORED = (Verdict.REJECTED, Verdict.FILTERED)


class Intake:
    """Takes the requests of all dialects. `fail` logs an unexpected error and gives the answer to it."""

    def __init__(self, parts: Parts, fail: Callable[[Exception], Answer]) -> None:
        self.parts, self.fail = parts, fail

    async def take(self, targets: Targets, request: Exchange) -> None:
        """Answers one request; never raises for what a client sent. `targets`: whose address it is."""
        headers = dict(request.headers)
        origin = headers.get(b"origin")
        (dialect, kind), rivals = targets[-1], targets[:-1]
        asked = Asked(dialect, kind, request, headers, cors(origin) if origin else [], rivals)
        counts = self.parts.counts.requests
        try:
            answer = await self._accept(asked)
            counts[asked.dialect.name, "accepted"] += 1
        except Refused as refused:
            answer = self._refusal(asked, refused)
        except JournalUnavailable:
            answer = self._refusal(asked, FULL)
        except Gone:
            counts[asked.dialect.name, "gone"] += 1
            return
        except Exception as error:  # the client gets an id, the log the rest
            counts[asked.dialect.name, "failed"] += 1
            answer = self.fail(error)
        request.answer(answer, asked.extra)

    async def _accept(self, asked: Asked) -> Answer:
        parts, gate, request = self.parts, self.parts.gate, asked.request
        if (shut := gate.shut) is not None:
            raise Refused(shut, gate.full or shut.text)
        secret = asked.dialect.find_key(asked.headers, request.query, None)
        of_key = None if secret is None else self._rules(secret)
        parts.shedding.check(None if of_key is None else of_key.key.no)
        if of_key is not None and (wait := parts.quota.debt(of_key.key)):
            raise OverQuota(wait)
        sent = await self._body(asked)
        size = len(sent)
        gate.inflight += size
        try:
            return await self._keep(asked, of_key, sent)
        finally:
            parts.counts.body_bytes += size
            gate.inflight -= size

    async def _keep(self, asked: Asked, of_key: KeyRules | None, sent: bytes) -> Answer:
        """Makes what may be kept of a body durable, and only then says what became of each event."""
        parts, body = self.parts, sent
        try:
            body = self._unpacked(asked, sent)
            kind, native, secret = in_native(asked, body, parts.settings.body_limit)
            of_key = of_key or self._rules(secret or asked.dialect.parse(kind, native).key)
            treated = treat_request(parts, asked, kind, of_key, native)
        except Refused as refused:
            if refused.reason in UNREADABLE and of_key is not None and asked.kind != VALIDATE:
                await quarantine(parts, asked, of_key, body, refused)
            raise
        if asked.kind == VALIDATE:
            return self._validation(asked, treated)
        number = len(treated.judged.message_ids)
        if number:
            await parts.journal.append(treated.head, treated.body, number)
        judgements = self._with_repeats(treated)
        parts.counts.add(number, judgements)
        return asked.dialect.reply(asked.kind, asked.request.query, treated.judged.message_ids, judgements)

    def _unpacked(self, asked: Asked, sent: bytes) -> bytes:
        """What was sent without its packing, and whose it is; of a foreign request forms are left.

        A request without a body says everything in its query.
        """
        limit, ratio = self.parts.settings.body_limit, self.parts.settings.ratio_limit
        encoding = asked.headers.get(b"content-encoding", b"").decode("latin-1")
        if not asked.rivals and asked.dialect.translate is None:
            return unpack(sent, encoding, limit, ratio)
        body = inflate(sent or asked.request.query, encoding, limit, ratio)
        for dialect, kind in asked.rivals:
            if dialect.claims(asked.headers, body):
                asked.dialect, asked.kind = dialect, kind
                break
        if asked.dialect.translate is not None:
            return body
        # Where nothing was undone, the name of its packing may be none that is known.
        return unpack(body, encoding if body is sent else "", limit, ratio)

    def _with_repeats(self, treated: Treated) -> list[Judgement]:
        """The judgements, and a hint for each event that is on disk already; remembers those that are now."""
        ids, judgements = treated.judged.message_ids, treated.judged.judgements
        recent, key_no, size = self.parts.recent, treated.head.key_no, len(treated.body)
        if not judgements:
            repeats = recent.take(key_no, ids, size)
            return [_repeat(index) for index in repeats] if repeats else judgements
        judged = {one.index: one.verdict for one in judgements}
        stored = [index for index in range(len(ids)) if judged.get(index) not in NOT_STORED]
        repeats = [stored[at] for at in recent.take(key_no, [ids[index] for index in stored], size)]
        return [*judgements, *(_repeat(index) for index in repeats if index not in judged)]

    def _validation(self, asked: Asked, treated: Treated) -> Answer:
        judged, query = treated.judged, asked.request.query
        reply = asked.dialect.reply(asked.kind, query, judged.message_ids, judged.judgements)
        return validation(asked.dialect, reply.body, treated.head, treated.body, query)

    async def _body(self, asked: Asked) -> bytes:
        """The body as sent; what is still on its way counts as in flight already."""
        parts, gate, limit = self.parts, self.parts.gate, self.parts.settings.body_limit
        declared = asked.headers.get(b"content-length", b"")
        held = 0
        if asked.request.more_body:
            held = min(int(declared), limit) if declared.isdigit() else UNDECLARED
        gate.inflight += held
        try:
            return await asked.request.body(limit, declared, parts.slow)
        finally:
            gate.inflight -= held

    def _rules(self, secret: str | None) -> KeyRules:
        found = self.parts.keyring.find(secret)
        if found is None:
            raise Refused(
                Reason.UNKNOWN_KEY, "no write key was sent" if secret is None else Reason.UNKNOWN_KEY.text
            )
        return found

    def _refusal(self, asked: Asked, refused: Refused) -> Answer:
        """The dialect's answer to a refused request; adds the headers it needs."""
        reason, counts = refused.reason, self.parts.counts
        counts.requests[asked.dialect.name, outcome_of(reason).value] += 1
        counts.refused[reason.value] += 1
        if isinstance(refused, Busy):
            counts.shed[refused.cause.value] += 1
        if reason.status in (429, 503):
            asked.extra.append((b"retry-after", b"%d" % self._wait(refused)))
        if reason in CLOSING:
            asked.extra.append((b"connection", b"close"))
        return asked.dialect.refusal(reason, refused.detail)

    def _wait(self, refused: Refused) -> int:
        """Seconds after which the request may be sent again."""
        gate, shedding = self.parts.gate, self.parts.shedding
        if isinstance(refused, Busy):
            return shedding.retry_after()
        return shedding.spread(refused.seconds if isinstance(refused, OverQuota) else gate.retry_after)


def in_native(asked: Asked, body: bytes, limit: int) -> tuple[str, bytes, str | None]:
    """Kind and text of a request in the native protocol, and the write key of a foreign one's body."""
    translate = asked.dialect.translate
    if translate is None:
        return asked.kind if asked.kind != VALIDATE else kind_of(body), body, None
    found = translate(Sent(asked.kind, asked.request.query, asked.headers, body, limit))
    asked.anonymous = found.anonymous
    asked.kind = found.kind or asked.kind
    return BATCH, found.body, found.key


def _repeat(index: int) -> Judgement:
    return Judgement(index, Verdict.DUPLICATE, Reason.DUPLICATE)
