"""Every protocol stands what can become of its requests, and who spoils them notices where one does not."""

from collections.abc import Callable

import msgspec
import pytest

from loadtest.cli.garbled import RECORDINGS
from loadtest.garbled import Garbled, garbled, together
from loadtest.utterances import WRAPS, Utterances, utterances
from sdk_contract.dialects import Sent, Translated
from sdk_contract.dialects.known import BY_NAME
from sdk_contract.dialects.segment import SEGMENT

KNOWN = utterances(RECORDINGS)
CASES = 250


@pytest.mark.parametrize("name", BY_NAME)
def test_spoilt_requests_do_no_harm(name: str) -> None:
    found = garbled(KNOWN[name], CASES, seed=11)
    assert (found.faults, found.lost, found.found) == (0, 0, ())
    assert found.events > 0
    assert found.refused + found.events >= CASES


@pytest.mark.parametrize("name", WRAPS)
def test_what_is_spoilt_was_good(name: str) -> None:
    known = KNOWN[name]
    sent = known.batch(known.events)
    assert known.dialect.translate is None or known.dialect.translate(sent).body
    found = garbled(msgspec.structs.replace(known, requests=[sent]), 40, seed=1)
    assert found.events > found.rejected


def of_mixpanel(translate: Callable[[Sent], Translated]) -> Utterances:
    known = KNOWN["mixpanel"]
    return msgspec.structs.replace(known, dialect=msgspec.structs.replace(known.dialect, translate=translate))


def test_an_error_that_is_no_refusal_is_found() -> None:
    def stumbling(sent: Sent) -> Translated:
        raise KeyError("event")

    found = garbled(of_mixpanel(stumbling), 20, seed=1)
    assert found.faults == 20
    assert "KeyError('event')" in found.found[0]
    assert together([found, found]).faults == 40


def test_an_event_that_pays_for_another_is_found() -> None:
    good = BY_NAME["mixpanel"].translate
    assert good is not None

    def timid(sent: Sent) -> Translated:
        found = good(sent)
        events = SEGMENT.parse("batch", found.body).events
        if all(b'"messageId"' in bytes(event) for event in events):
            return found
        return msgspec.structs.replace(found, body=b'{"batch":[]}')

    assert garbled(of_mixpanel(timid), 60, seed=1).lost > 0


def test_a_case_is_made_again_by_its_seed() -> None:
    first, again, other = (garbled(KNOWN["ga4"], 30, seed) for seed in (5, 5, 6))
    assert first == again != other
    assert isinstance(first, Garbled)
