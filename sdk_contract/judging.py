"""What the door decides about a request, one pure step a function."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, Protocol

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.events import Opened, glance_all, inspect, open_event, text_of
from sdk_contract.privacy.consent import consents
from sdk_contract.privacy.policy import NONE, Policy
from sdk_contract.verdicts import Fault, Judgement, Reason, Verdict

ID_BYTES, ID_LENGTH = 33, 22
IDS_AT_ONCE = 2048
SUPPRESSED_CACHE: Final = 1 << 15
# People of a site say one of a few things, in a few bytes.
_SHORT: Final = 512
_consents = lru_cache(4096)(consents)
_TRAITS: Final = ("identify", "group")


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A request's events in order: their message ids, and the judgements on those that are not plain ok.

    `trouble` is the first unexpected error of ours, where there was one; its events are unprocessed.
    """

    message_ids: list[str]
    judgements: list[Judgement]
    trouble: Exception | None = None


class BatchIds:
    """Random names of requests, 22 letters each, made from `random` (os.urandom) in bulk."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._text, self._at = "", 0

    def next(self) -> str:
        if self._at >= len(self._text):
            self._text = urlsafe_b64encode(self._random(ID_BYTES * IDS_AT_ONCE // 2)).decode()
            self._at = 0
        self._at += ID_LENGTH
        return self._text[self._at - ID_LENGTH : self._at]


class Checks(Protocol):
    """A compiled tracking plan, as `sdk_contract.plan` makes it."""

    def check(
        self, of_type: str, name: str | None, properties: bytes, context: bytes | None = None
    ) -> Fault | None: ...
    def consent(self, of_type: str, name: str | None) -> str | None: ...
    def pii(self, of_type: str, name: str | None) -> Mapping[tuple[str, ...], str]: ...


class PlanRule(msgspec.Struct, frozen=True):
    """The tracking plan as one write key applies it: `softened` keeps a breach with a warning.

    `asks` says whether the plan wants consent for any event, `has_pii` whether it knows personal properties,
    `with_context` has the names of the events whose context it looks at; None: it looks at all.
    A key that is not judged by its plan (`judges`) can still have a policy that needs to know these.
    """

    plan: Checks
    softened: bool
    version: str
    asks: bool = False
    has_pii: bool = False
    with_context: frozenset[str] | None = frozenset()
    judges: bool = True
    quick: Callable[[Raw, int], str | None] | None = None


class Suppressed:
    """The people of a project who are kept out: `digest(kind, id)` of their ids is in `digests`."""

    def __init__(self, digests: frozenset[str], digest: Callable[[str, str], str]) -> None:
        self.digests = digests
        self._digest = digest
        self.holds = lru_cache(SUPPRESSED_CACHE)(self._holds)

    def _holds(self, kind: str, identifier: str) -> bool:
        return self._digest(kind, identifier) in self.digests


class Rules(msgspec.Struct, frozen=True):
    """What the events of a key are judged by beside their shape; make it with `rules_of`.

    `policy` is there where it, or the plan, can want consent. `wary`: an event that says nothing of consent
    has to be looked at too. `idle`: they say nothing where the browser asked for nothing.
    """

    plan: PlanRule | None = None
    policy: Policy | None = None
    suppressed: Suppressed | None = None
    wary: bool = False
    idle: bool = False


def rules_of(plan: PlanRule | None, policy: Policy | None, suppressed: Suppressed | None) -> Rules | None:
    """The rules that these make together; None where they leave only the shape to be judged."""
    asks = plan is not None and plan.asks
    chosen = NONE if policy is None else policy
    if not asks and not chosen.consent.default and "filter" not in (chosen.gpc, chosen.dnt):
        return None if plan is None and suppressed is None else Rules(plan, None, suppressed)
    wary = chosen.consent.missing == "filter" and (asks or chosen.consent.default is not None)
    idle = plan is None and suppressed is None and chosen.consent.default is None
    return Rules(plan, chosen, suppressed, wary, idle)


class _Objects(msgspec.Struct, gc=False):
    properties: Raw = Raw()
    traits: Raw = Raw()
    context: Raw = Raw()


class _Named(msgspec.Struct, rename="camel", gc=False):
    message_id: str | int | None = None


_decode_objects = msgspec.json.Decoder(_Objects).decode
_decode_named = msgspec.json.Decoder(_Named).decode


def judge(
    parsed: Parsed,
    kind: str,
    batch_id: str,
    limit: int,
    rules: Rules | None = None,
    signals: str | None = None,
) -> Judged:
    """Judges every event for itself: its shape, then suppression, consent, and the plan.

    `limit`: bytes of one event; `signals`: what the browser asked for, as in `privacy.signals_of`. An event
    on which this fails is kept unprocessed, whatever the error, and the others are not touched.
    """
    if rules is not None and rules.idle and signals is None:
        rules = None
    glanced = _glances(parsed, limit) if rules is None and parsed.sound else []
    if glanced and all(glanced):
        return Judged(glanced, [])  # type: ignore[arg-type]  # none of them is None
    message_ids: list[str] = []
    judgements: list[Judgement] = []
    trouble: Exception | None = None
    opened, look = parsed.sound and rules is not None, _look_of(rules, parsed, signals)
    for index, raw in enumerate(parsed.events):
        try:
            if glanced and (message_id := glanced[index]):
                message_ids.append(message_id)
                continue
            if look is not None and (message_id := look(raw, limit)):
                message_ids.append(message_id)
                continue
            if opened and rules is not None and (sent := open_event(raw, limit)) is not None:
                name, fault = sent.message_id, _fault_of_opened(sent, raw, parsed, rules, signals)
            else:
                name, fault = _judge_one(raw, parsed, kind, limit, rules, signals)
        except Exception as error:  # whatever it is, the event is kept unprocessed and it is reported
            name, fault = sent_id(raw, limit), Fault(Reason.UNPROCESSED)
            trouble = trouble or error
        message_ids.append(name or f"{batch_id}-{index}")  # type: ignore[arg-type]  # an opened one's is text
        if fault is not None:
            judgements.append(fault.judge(index))
    return Judged(message_ids, judgements, trouble)


def _glances(parsed: Parsed, limit: int) -> list[str | None]:
    """Message ids of the events of a sound body that are plainly good; none where we failed."""
    try:
        return glance_all(parsed.events, limit)
    except Exception:  # each for itself then, so that only the one at fault is kept unprocessed
        return []


def _look_of(
    rules: Rules | None, parsed: Parsed, signals: str | None
) -> Callable[[Raw, int], str | None] | None:
    """The plan's own look at whole events, where nothing but the plan can have an objection."""
    if rules is None or rules.plan is None or rules.suppressed is not None or rules.wary or not parsed.sound:
        return None
    return rules.plan.quick if signals is None and parsed.context is None and rules.plan.judges else None


def _fault_of_opened(
    sent: Opened, raw: Raw, parsed: Parsed, rules: Rules, signals: str | None
) -> Fault | None:
    of_type: str = sent.type  # type: ignore[assignment]  # `open_event` looks that it is there
    if rules.suppressed is not None and _is_suppressed(rules.suppressed, sent.user_id, sent.anonymous_id):
        return Fault(Reason.SUPPRESSED)
    if of_type == "identify":
        name, properties = None, bytes(sent.traits)
    else:
        name, properties = (sent.event if of_type == "track" else sent.name) or None, bytes(sent.properties)
    rule = rules.plan
    if rule is not None and (rule.with_context is None or name in rule.with_context):
        context = bytes(_decode_objects(raw).context)
    elif sent.context is None:
        context = b""
    else:
        context = b'{"consent":%b}' % bytes(sent.context.consent) if sent.context.consent else b"{}"
    return _fault_of_rules(of_type, name, properties, context, parsed, rules, signals)


def _judge_one(
    raw: Raw, parsed: Parsed, kind: str, limit: int, rules: Rules | None, signals: str | None
) -> tuple[str | None, Fault | None]:
    """The message id of one event, where it has one, and what is wrong with it."""
    found = inspect(raw, kind, sound=parsed.sound, limit=limit)
    if isinstance(found, Fault):
        return sent_id(raw, limit), found
    if rules is None:
        return found.message_id, None
    ids = found.user_id, found.anonymous_id, found.previous_id
    if rules.suppressed is not None and _is_suppressed(rules.suppressed, *ids):
        return found.message_id, Fault(Reason.SUPPRESSED)
    objects = _decode_objects(raw)
    properties = bytes(objects.traits if found.type in _TRAITS else objects.properties)
    context = bytes(objects.context)
    return found.message_id, _fault_of_rules(
        found.type, found.name, properties, context, parsed, rules, signals
    )


def _fault_of_rules(
    of_type: str,
    name: str | None,
    properties: bytes,
    context: bytes,
    parsed: Parsed,
    rules: Rules,
    signals: str | None,
) -> Fault | None:
    """What consent and plan have against an event of good shape; its objects are JSON texts, b"" for none."""
    if not context and parsed.context is not None:
        context = bytes(parsed.context)
    rule, policy = rules.plan, rules.policy
    if policy is not None and (rules.wary or signals or b"categoryPreferences" in context):
        category = rule.plan.consent(of_type, name) if rule is not None and rule.asks else None
        ask = _consents if len(context) <= _SHORT else consents
        if refused := ask(category, context, policy, signals):
            return refused
    if rule is None or not rule.judges:
        return None
    fault = rule.plan.check(of_type, name, properties, context)
    if fault is not None and rule.softened:
        return msgspec.structs.replace(fault, verdict=Verdict.WARNING)
    return fault


def _is_suppressed(
    suppressed: Suppressed,
    user: str | int | None,
    anonymous: str | int | None,
    previous: str | int | None = None,
) -> bool:
    ids = (
        *(("user_id", one) for one in (user, previous)),
        *(("anonymous_id", one) for one in (anonymous, previous)),
    )
    return any(suppressed.holds(kind, text) for kind, one in ids if (text := text_of(one)))


def sent_id(raw: Raw, limit: int) -> str | None:
    """The message id of an event that is refused, where it can be read all the same."""
    if len(raw) > limit * 4:
        return None
    try:
        return text_of(_decode_named(raw).message_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
