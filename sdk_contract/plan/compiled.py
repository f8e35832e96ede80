"""A plan made ready: what it has against one event, and what is personal in it."""

from collections.abc import Mapping
from typing import Final

import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError
from msgspec import Struct

from sdk_contract.errors import PlanError
from sdk_contract.plan.cleaned import clean_all
from sdk_contract.plan.marks import Marks, Path
from sdk_contract.plan.model import Plan, PlannedEvent, Schema, Unplanned
from sdk_contract.plan.quick import Accepts, decoder
from sdk_contract.plan.schemas import BadSchema, context_schemas, properties_schema, validator
from sdk_contract.verdicts import Fault, Reason, Verdict

_EXPECTED_LENGTH: Final = 200
_FROM_A_SERVER: Final = "sent by a server: channel server, or the library of one"
_READABLE: Final = "integers of at most 4300 digits"
# Where the words of the library repeat what was sent, or say little.
_OTHER_WORDS: Final = {"propertyNames": "names as the plan has them", "falseSchema": "nothing"}
_NOTHING: Final[Mapping[Path, str]] = {}
_PLANNED: Final = "an event of the tracking plan"
_NAMED: Final = {"track": "/event", "page": "/name", "screen": "/name"}
# A number beyond all floats (1e999) becomes infinity, which is no number in any schema.
_decode = msgspec.json.Decoder(float_hook=float).decode


class Rule(Struct, frozen=True):
    """One schema ready to check a JSON object of an event with; `pointer` is where that stands.

    `expected` says in words what the schema asks, where its own words would not help.
    """

    pointer: str
    accepts: Accepts | None
    validator: Draft202012Validator
    cleaners: Mapping[Path, str] = _NOTHING
    expected: str | None = None

    def fault(self, text: bytes) -> Fault | None:
        """What is wrong with the JSON text of an object; b"" and b"null" are an empty one."""
        if self.accepts is not None:
            try:
                self.accepts(text or b"{}")
                return None
            except msgspec.DecodeError:
                pass
        return self.exact_fault(text)

    def exact_fault(self, text: bytes) -> Fault | None:
        """The same, for a text that `accepts` did not take."""
        try:
            given = _decode(text or b"null")
        except msgspec.DecodeError:
            return Fault(Reason.PLAN_VIOLATION, self.pointer, _READABLE)
        given = {} if given is None else given
        if self.validator.is_valid(given):
            return None
        for leave_out in (False, True) if self.cleaners else ():
            cleaned = clean_all(given, self.cleaners, leave_out)
            if self.validator.is_valid(cleaned):
                return None
            given = cleaned if leave_out else given
        error = next(self.validator.iter_errors(given), None)
        return None if error is None else self._describe(error)

    def _describe(self, error: ValidationError) -> Fault:
        steps, words = list(error.instance_path), error.message[:_EXPECTED_LENGTH]
        if missing := getattr(error.kind, "property", None):
            steps.append(missing)
        elif unexpected := getattr(error.kind, "unexpected", None):
            steps.append(unexpected[0])
            words = "no property but those that are planned"
        elif error.kind.name in _OTHER_WORDS:
            words = _OTHER_WORDS[error.kind.name]
        pointer = self.pointer + "".join("/" + _escaped(str(step)) for step in steps)
        return Fault(Reason.PLAN_VIOLATION, pointer, self.expected or words)


class Planned(Struct, frozen=True):
    """What a plan has for one event."""

    rule: Rule
    contexts: tuple[Rule, ...]
    pii: Mapping[Path, str]
    consent: str | None


class CompiledPlan(Struct, frozen=True):
    """A plan ready to check events with; make it with `compile`.

    With another `unplanned` (`msgspec.structs.replace`) it is the plan as one key applies it.
    """

    plan: Plan
    version: str
    unplanned: Unplanned
    events: Mapping[tuple[str, str | None], Planned]
    tracks: Mapping[str | None, Planned]
    named: frozenset[str]
    near: Mapping[str, str]
    contexts: tuple[Rule, ...]
    has_pii: bool

    def check(
        self, of_type: str, name: str | None, properties: bytes, context: bytes | None = None
    ) -> Fault | None:
        """Checks one event; None where the plan has nothing against it.

        `properties` is the JSON text of its properties (traits of an identify or group), `context` that of
        its context; b"", b"null" and None: none. The fault's pointer is into the event; its verdict is
        None (the reason's own) unless the plan only warns.
        """
        planned = self.tracks.get(name) if of_type == "track" else self.find(of_type, name)
        if planned is None:
            return _fault(self.contexts, context) or self._unplanned(of_type, name)
        rule = planned.rule
        if rule.accepts is None:
            fault = rule.exact_fault(properties)
        else:
            try:
                rule.accepts(properties or b"{}")
                fault = None
            except msgspec.DecodeError:
                fault = rule.exact_fault(properties)
        return fault or (_fault(planned.contexts, context) if planned.contexts else None)

    def pii(self, of_type: str, name: str | None) -> Mapping[Path, str]:
        """The class of each property or trait that is personal, by path."""
        planned = self.find(of_type, name)
        return _NOTHING if planned is None else planned.pii

    def cleaners(self, of_type: str, name: str | None) -> Mapping[Path, str]:
        """How each property or trait is cleaned, by path."""
        planned = self.find(of_type, name)
        return _NOTHING if planned is None else planned.rule.cleaners

    def consent(self, of_type: str, name: str | None) -> str | None:
        """The category a person has to have consented to, None where none is needed."""
        planned = self.find(of_type, name)
        return (self.plan.consent if planned is None else planned.consent) or None

    def find(self, of_type: str, name: str | None) -> Planned | None:
        return self.events.get((of_type, name)) or self.events.get((of_type, None))

    def lets_pass(self, of_type: str) -> bool:
        """Whether an event of this type that is not planned passes, whatever its name and context are."""
        return not self.contexts and self._is_free(of_type)

    def _is_free(self, of_type: str) -> bool:
        return self.unplanned == "allow" or of_type not in self.named

    def _unplanned(self, of_type: str, name: str | None) -> Fault | None:
        if self._is_free(of_type):
            return None
        verdict = Verdict.WARNING if self.unplanned == "warn" else None
        near = self.near.get(_plainly(name or ""))
        words = _PLANNED if near is None else f"{_PLANNED}; {near!r} is one"
        return Fault(Reason.UNPLANNED_EVENT, _NAMED[of_type], words, verdict)


def compile(plan: Plan) -> CompiledPlan:
    """Makes a plan ready; raises PlanError with event and field for a schema that cannot be used."""
    events = {event.key: compile_event(plan, event) for event in plan.events}
    named = frozenset({"track", *(of_type for of_type, name in events if name is not None)})
    contexts = _contexts(plan, None)
    has_pii = any(planned.pii for planned in events.values())
    tracks = {name: planned for (of_type, name), planned in events.items() if of_type == "track"}
    near = {_plainly(name): name for _, name in events if name}
    return CompiledPlan(plan, plan.version, plan.unplanned, events, tracks, named, near, contexts, has_pii)


def compile_event(plan: Plan, event: PlannedEvent) -> Planned:
    """Makes one event ready; PlanError where its schemas cannot be used."""
    try:
        if event.form is not None:
            validator(properties_schema(plan, msgspec.structs.replace(event, form=None)))
        schema = properties_schema(plan, event)
        rule = _rule(f"/{event.part}", schema)
        marks = Marks(schema)
    except BadSchema as bad:
        raise _error(f"{event.title}, properties", bad) from None
    rule = msgspec.structs.replace(rule, cleaners=marks.cleaners)
    consent = plan.consent if event.consent is None else event.consent
    return Planned(rule, _contexts(plan, event), marks.pii, consent or None)


def _rule(pointer: str, schema: Schema) -> Rule:
    exact = validator(schema)  # first, since only a sound schema can be said in types
    return Rule(pointer, decoder(schema), exact)


def _contexts(plan: Plan, event: PlannedEvent | None) -> tuple[Rule, ...]:
    title = "plan.yaml" if event is None else event.title
    try:
        schemas = context_schemas(plan, event)
        rules = [_rule("/context", schema) for schema in schemas]
    except BadSchema as bad:
        raise _error(f"{title}, context", bad) from None
    if event is not None and event.kind == "service":
        rules[-1] = msgspec.structs.replace(rules[-1], expected=_FROM_A_SERVER)
    return tuple(rules)


def _error(place: str, bad: BadSchema) -> PlanError:
    field = ".".join((place, *map(str, bad.path)))
    return PlanError(f"tracking plan, {field}: {bad.text}")


def _fault(rules: tuple[Rule, ...], text: bytes | None) -> Fault | None:
    for rule in rules:
        if (fault := rule.fault(text or b"")) is not None:
            return fault
    return None


def _plainly(name: str) -> str:
    """A name without what people write now so, now so: case, spaces and signs."""
    return "".join(filter(str.isalnum, name)).casefold()


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
