"""The hot path: read, unpack, treat, judge, protect, journal, reply. Nothing of ASGI."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from collector.errors import JournalUnavailable
from collector.exchange import Exchange, Waiting, run
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

    def take(self, targets: Targets, request: Exchange) -> Waiting | None:
        """Answers one request, now or when the journal has it; never raises for what a client sent.

        `targets`: whose address it is. What waits for a body that is still on its way is given back.
        """
        named = request.head.named
        origin = named.get(b"origin")
        (dialect, kind), rivals = targets[-1], targets[:-1]
        asked = Asked(dialect, kind, request, named, cors(origin) if origin else [], rivals)
        try:
            of_key = self._let_in(asked)
            if request.more_body:
                return self._later(asked, of_key)
            answer = self._keep(asked, of_key, request.whole(self.parts.settings.body_limit))
        except Exception as error:  # told for what it is: a refusal, or an id that is in the log
            answer = self._failure(asked, error)
        self._end(asked, answer)
        return None

    async def _later(self, asked: Asked, of_key: KeyRules | None) -> None:
        """The same once the body is here."""
        try:
            answer = self._keep(asked, of_key, await self._body(asked))
        except Gone:
            self.parts.counts.requests[asked.dialect.name, "gone"] += 1
            return
        except Exception as error:  # told for what it is: a refusal, or an id that is in the log
            answer = self._failure(asked, error)
        self._end(asked, answer)

    def _let_in(self, asked: Asked) -> KeyRules | None:
        """The key, where the head tells it. Refused before the body is read."""
        parts, gate = self.parts, self.parts.gate
        if (shut := gate.shut) is not None:
            raise Refused(shut, gate.full or shut.text)
        secret = asked.dialect.find_key(asked.headers, asked.request.head.query, None)
        of_key = None if secret is None else self._rules(secret)
        parts.shedding.check(None if of_key is None else of_key.key.no)
        if of_key is not None and (wait := parts.quota.debt(of_key.key)):
            raise OverQuota(wait)
        return of_key

    def _keep(self, asked: Asked, of_key: KeyRules | None, sent: bytes) -> Answer | None:
        """Makes what may be kept of a body durable, and only then says what became of each event.

        None: that is on its way.
        """
        parts, body = self.parts, sent
        asked.size = len(sent)
        parts.gate.inflight += asked.size
        try:
            body = self._unpacked(asked, sent)
            kind, native, secret = in_native(asked, body, parts.settings.body_limit)
            of_key = of_key or self._rules(secret or asked.dialect.parse(kind, native).key)
            treated = treat_request(parts, asked, kind, of_key, native)
        except Refused as refused:
            if refused.reason in UNREADABLE and of_key is not None and asked.kind != VALIDATE:
                run(self._quarantine(asked, of_key, body, refused))
                return None
            raise
        if asked.kind == VALIDATE:
            return self._validation(asked, treated)
        if not treated.judged.message_ids:
            return self._accepted(asked, treated)
        then = partial(self._kept, asked, treated)
        parts.journal.put(treated.head, treated.body, len(treated.judged.message_ids), then)
        return None

    def _kept(self, asked: Asked, treated: Treated, problem: Exception | None) -> None:
        """The journal has it, or will not have it."""
        try:
            if problem is not None:
                raise problem
            answer = self._accepted(asked, treated)
        except Exception as error:  # told for what it is: a refusal, or an id that is in the log
            answer = self._failure(asked, error)
        self._end(asked, answer)

    async def _quarantine(self, asked: Asked, of_key: KeyRules, body: bytes, refused: Refused) -> None:
        try:
            await quarantine(self.parts, asked, of_key, body, refused)
            answer = self._refusal(asked, refused)
        except Exception as error:  # told for what it is: a refusal, or an id that is in the log
            answer = self._failure(asked, error)
        self._end(asked, answer)

    def _accepted(self, asked: Asked, treated: Treated) -> Answer:
        counts, ids = self.parts.counts, treated.judged.message_ids
        judgements = self._with_repeats(treated)
        counts.add(len(ids), judgements)
        answer = asked.dialect.reply(asked.kind, asked.request.head.query, ids, judgements)
        counts.requests[asked.dialect.name, "accepted"] += 1
        return answer

    def _end(self, asked: Asked, answer: Answer | None) -> None:
        """Sends the answer, where there is one by now."""
        if answer is None:
            return
        self.parts.counts.body_bytes += asked.size
        self.parts.gate.inflight -= asked.size
        asked.request.answer(answer, asked.extra)

    def _unpacked(self, asked: Asked, sent: bytes) -> bytes:
        """What was sent without its packing, and whose it is; of a foreign request forms are left.

        A request without a body says everything in its query.
        """
        limit, ratio = self.parts.settings.body_limit, self.parts.settings.ratio_limit
        named = asked.headers.get(b"content-encoding")
        encoding = "" if named is None else named.decode("latin-1")
        if not asked.rivals and asked.dialect.translate is None:
            return unpack(sent, encoding, limit, ratio)
        body = inflate(sent or asked.request.head.query, encoding, limit, ratio)
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
        judged, query = treated.judged, asked.request.head.query
        reply = asked.dialect.reply(asked.kind, query, judged.message_ids, judged.judgements)
        answer = validation(asked.dialect, reply.body, treated.head, treated.body, query)
        self.parts.counts.requests[asked.dialect.name, "accepted"] += 1
        return answer

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

    def _failure(self, asked: Asked, error: Exception) -> Answer:
        """The answer to a request that is not kept, whatever is the reason."""
        if isinstance(error, Refused):
            return self._refusal(asked, error)
        if isinstance(error, JournalUnavailable):
            return self._refusal(asked, FULL)
        self.parts.counts.requests[asked.dialect.name, "failed"] += 1
        return self.fail(error)  # the client gets an id, the log the rest

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
    found = translate(Sent(asked.kind, asked.request.head.query, asked.headers, body, limit))
    asked.anonymous = found.anonymous
    asked.kind = found.kind or asked.kind
    return BATCH, found.body, found.key


def _repeat(index: int) -> Judgement:
    return Judgement(index, Verdict.DUPLICATE, Reason.DUPLICATE)
