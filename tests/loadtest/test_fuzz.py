"""The fuzzer finds what it seeks, and its small form finds nothing."""

import subprocess
import sys
from itertools import count
from random import Random

import msgspec
import pytest

from loadtest import hostile
from loadtest.attacks import KINDS, SHARES, Attack, Case, captures
from loadtest.cli.fuzz import RECORDINGS
from loadtest.fuzz import Fuzz
from loadtest.fuzz_sender import judged
from loadtest.utterances import foreign
from loadtest.wire import Answer
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.verdicts import Judgement, Reason, Verdict

IDS = ["good-0", "odd", "good-1"]
FOREIGN = foreign(RECORDINGS)
CASE = Case("mixed", b"", (0, 1), whole=True)


def attack() -> Attack:
    return Attack(["wk_a", "wk_b"], captures(RECORDINGS), FOREIGN, count())


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_a_function_of_its_kind_and_seed(kind: str) -> None:
    assert kind in SHARES
    assert attack().case(kind, 7) == attack().case(kind, 7)
    assert len({attack().case(kind, seed).data for seed in range(20)}) > 1


def test_what_stands_between_good_events_closes() -> None:
    """Else it would be no fault of the door that it cannot tell them apart."""
    dice = Random(3)
    for _ in range(400):
        for make in hostile.CLOSED:
            text = make(dice)
            body = b'{"batch":[%b,%b,%b]}' % (hostile.good(1), text, hostile.good(2))
            events = SEGMENT.parse("batch", body).events
            assert [bytes(event) for event in (events[0], events[-1])] == [
                hostile.good(1),
                hostile.good(2),
            ], text


def wrong(answer: Answer, case: Case = CASE) -> tuple[list[str], list[int]]:
    acked: list[int] = []
    return list(judged(case, answer, acked.append)), acked


def told(*judgements: Judgement) -> Answer:
    return Answer(200, SEGMENT.reply("batch", b"", IDS, judgements).body, None)


def test_answers_are_judged() -> None:
    odd = Judgement(1, Verdict.REJECTED, Reason.NOT_AN_OBJECT, "")
    assert wrong(told(odd)) == ([], [0, 1])
    assert wrong(told(odd, Judgement(2, Verdict.REJECTED, Reason.BAD_TIME))) == (["lost neighbour"], [0])
    assert wrong(told(Judgement(0, Verdict.WARNING, Reason.UNPROCESSED))) == (["unprocessed"], [0, 1])
    assert wrong(Answer(500, b"", None)) == (["http 500"], [])
    assert wrong(SEGMENT_400) == (["lost neighbour"], [])
    assert wrong(SEGMENT_400, Case("torn", b"")) == ([], [])
    assert wrong(Answer(200, told(odd).body.replace(b"not_an_object", b"no_reason"), None)) == (
        ["invalid answer"],
        [],
    )
    assert wrong(Answer(200, b"{}", None)) == (["invalid answer"], [])
    assert wrong(Answer(400, SEGMENT_400.body.replace(b"bad_envelope", b"bad_luck"), None)) == (
        ["invalid answer"],
        [],
    )


SEGMENT_400 = Answer(400, SEGMENT.refusal(Reason.BAD_ENVELOPE, "").body, None)
GOOD = Fuzz(10, 1, {}, {}, 0, 0, 0, 0, 5, 20, 20, 0, 0, 50, 3, {"worker": 60})


@pytest.mark.parametrize(
    ("change", "held"),
    [({}, True), ({"neighbours": 0}, False), ({"rows": 19}, False)]
    + [({name: 1}, False) for name in ("http_500", "lost_neighbours", "invalid_answers", "no_answer")]
    + [({name: 1}, False) for name in ("unprocessed", "faults")],
    ids=str,
)
def test_it_holds_only_where_nothing_is_wrong(change: dict[str, int], held: bool) -> None:
    assert msgspec.structs.replace(GOOD, **change).held is held


def test_two_thousand_cases_do_no_harm() -> None:
    command = [sys.executable, "-m", "loadtest", "fuzz", "--cases", "2000", "--processes", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-5000:] + done.stdout
    result = msgspec.json.decode(done.stdout, type=Fuzz)
    assert result.held
    assert result.cases == 2000
    assert result.by_kind.keys() >= KINDS.keys() - {"bomb", "many"}
