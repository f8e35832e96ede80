"""One process of the fuzzer: sends cases over keep-alive connections and judges every answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.attacks import KINDS, SHARES, Attack, Case, captures
from loadtest.errors import ConnectionLost
from loadtest.utterances import foreign
from loadtest.wire import Answer, Connection, address, connect
from sdk_contract.described import Accepted, Elsewhere, Refusal, Validated
from sdk_contract.verdicts import Reason, Unserved, Verdict

TAKEN: Final = (Verdict.OK, Verdict.WARNING)
BUSY: Final = (429, 503)
ANSWER_S: Final = 60.0
MOST_FOUND: Final = 20
Ack = Callable[[int], None]
_REASONS: Final = frozenset(reason.value for reason in (*Reason, *Unserved))


class Task(msgspec.Struct, frozen=True):
    """What one process is to send: `cases` of `seed`; its good events have every `step`-th number."""

    url: str
    keys: tuple[str, ...]
    recordings: Path
    cases: int
    seed: int
    first: int
    step: int
    connections: int


class Finding(msgspec.Struct, frozen=True):
    """A case that should not be: by kind and seed it is made again."""

    what: str
    kind: str
    seed: int
    request: bytes
    status: int = 0
    answer: bytes = b""


class Sent(msgspec.Struct):
    """What one process saw. `acked`: a byte for each number of a good event, 1 where it was taken."""

    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    wrong: Counter[str] = msgspec.field(default_factory=Counter)
    found: list[Finding] = []
    acked: bytearray = msgspec.field(default_factory=bytearray)
    slowest_s: float = 0.0


class Sender:
    """Sends the cases of a task; `clock` gives seconds of any origin."""

    def __init__(self, task: Task) -> None:
        self.task, self.sent = task, Sent()
        self.to = address(task.url)
        numbers = count(task.first, task.step)
        self.attack = Attack(task.keys, captures(task.recordings), foreign(task.recordings), numbers)

    async def run(self) -> Sent:
        chosen = self._chosen()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.task.connections):
                group.create_task(self._talk(chosen))
        return self.sent

    def _chosen(self) -> Iterator[tuple[str, int]]:
        dice = Random(f"{self.task.seed}/{self.task.first}")
        names, shares = list(KINDS), [SHARES[name] for name in KINDS]
        for _ in range(self.task.cases):
            yield dice.choices(names, shares)[0], dice.getrandbits(48)

    async def _talk(self, chosen: Iterator[tuple[str, int]]) -> None:
        connection: Connection | None = None
        for kind, seed in chosen:
            case = self.attack.case(kind, seed)
            self.sent.kinds[kind] += 1
            connection = await self._send(case, seed, connection)
        if connection is not None:
            connection.close()

    async def _send(self, case: Case, seed: int, connection: Connection | None) -> Connection | None:
        """Sends one case, again where the door was busy; the connection for the next one."""
        while True:
            if connection is None or not connection.open:
                connection = await connect(self.to)
            began = time.perf_counter()
            try:
                answer = await connection.post(case.data, ANSWER_S)
            except ConnectionLost as lost:
                if not case.last:
                    self._find("no answer", case, seed, Answer(0, str(lost).encode(), None))
                return None
            self.sent.slowest_s = max(self.sent.slowest_s, time.perf_counter() - began)
            self.sent.statuses[str(answer.status)] += 1
            if answer.status not in BUSY:
                break
            await asyncio.sleep(min(answer.retry_after_s or 1.0, 2.0))
        for what in judged(case, answer, self._ack):
            self._find(what, case, seed, answer)
        if case.last:
            connection.close()
        return connection

    def _ack(self, number: int) -> None:
        place = (number - self.task.first) // self.task.step
        acked = self.sent.acked
        if place >= len(acked):
            acked.extend(bytes(place + 1 - len(acked)))
        acked[place] = 1

    def _find(self, what: str, case: Case, seed: int, answer: Answer) -> None:
        self.sent.wrong[what] += 1
        if len(self.sent.found) < MOST_FOUND:
            one = Finding(what, case.kind, seed, case.data, answer.status, answer.body[:4_000])
            self.sent.found.append(one)


def judged(case: Case, answer: Answer, ack: Ack) -> Iterator[str]:
    """What is wrong with an answer; `ack` is called with the number of every good event that was taken."""
    if answer.status == 500:
        yield "http 500"
        return
    try:
        read = read_answer(case, answer)
    except (msgspec.DecodeError, ValueError):
        yield "invalid answer"
        return
    if isinstance(read, Accepted) and case.stored:
        yield from _neighbours(case, read, ack)
    elif case.whole:
        yield "lost neighbour"


def read_answer(case: Case, answer: Answer) -> object:
    """The answer as the OpenAPI document describes it; raises where it is something else."""
    if case.kind in ("elsewhere", "foreign"):
        return answer
    if answer.status == 200:
        return msgspec.json.decode(answer.body, type=Accepted if case.stored else Validated)
    shape: type[Refusal | Elsewhere] = Elsewhere if answer.status in (404, 405) else Refusal
    try:
        refusal = msgspec.json.decode(answer.body, type=shape)
    except msgspec.ValidationError:
        refusal = msgspec.json.decode(answer.body, type=Refusal)
    if refusal.reason not in _REASONS:
        raise ValueError(refusal.reason)
    return refusal


def _neighbours(case: Case, read: Accepted, ack: Ack) -> Iterator[str]:
    verdicts = {entry.message_id: entry for entry in read.verdicts}
    if any(entry.reason is Reason.UNPROCESSED for entry in read.verdicts):
        yield "unprocessed"
    for number in case.good:
        entry = verdicts.get(f"good-{number}")
        if entry is not None and entry.verdict in TAKEN:
            ack(number)
        elif case.whole:
            yield "lost neighbour"


def send(task: Task) -> Sent:
    """The whole work of one process."""
    return asyncio.run(Sender(task).run())


def added(every: Sequence[Sent]) -> Sent:
    """All processes together, but for `acked`, which stays with each."""
    total = Sent(found=[one for sent in every for one in sent.found])
    for sent in every:
        total.kinds += sent.kinds
        total.statuses += sent.statuses
        total.wrong += sent.wrong
        total.slowest_s = max(total.slowest_s, sent.slowest_s)
    return total
