"""The tracking plan: which events there are and what their properties look like, in one YAML file.

    version: "2026-11-21"
    mode: enforce            # off | warn | enforce
    unplanned: warn          # allow | warn | reject
    events:
      Order Completed:
        description: A customer has paid.
        properties:          # JSON Schema 2020-12 of the event's properties
          type: object
          required: [order_id]

The plan is about `track` events, by name; other types pass.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NoReturn

import msgspec
from jsonschema_rs import Draft202012Validator, ReferencingError, RegexOptions, ValidationError
from msgspec import Struct

from sdk_contract.errors import PlanError
from sdk_contract.verdicts import Fault, Reason, Verdict
from sdk_contract.yaml_places import Tree, read_tree

_EXPECTED_LENGTH = 200
_READABLE = "integers of at most 4300 digits"
# A number beyond all floats (1e999) becomes infinity, which is no number in any schema.
_decode = msgspec.json.Decoder(float_hook=float).decode


class PlannedEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """One event of the plan; `properties` is the JSON Schema of its properties, {} allows any."""

    description: str = ""
    properties: dict[str, Any] = {}


class Plan(Struct, frozen=True):
    """A tracking plan as written; `tree` knows at which line each part stands."""

    version: str
    mode: Literal["off", "warn", "enforce"]
    unplanned: Literal["allow", "warn", "reject"]
    events: Mapping[str, PlannedEvent]
    tree: Tree

    @staticmethod
    def from_yaml(text: str) -> "Plan":
        """Reads a plan; raises PlanError with line, field and what would do. Schemas are for `compile`."""
        tree = read_tree(text)
        head = _convert(tree, (), _Head)
        if not isinstance(head.version, str | int | float | date) or head.version == "":
            wanted = "is no name for a version; text in quotes would do"
            raise PlanError(f"tracking plan, {tree.place(('version',))}: {head.version!r} {wanted}")
        events = {_name(tree, name): _convert(tree, ("events", name), PlannedEvent) for name in head.events}
        return Plan(str(head.version), head.mode, head.unplanned, events, tree)


class CompiledPlan(Struct, frozen=True):
    """A plan ready to check events with; make it with `compile`."""

    plan: Plan
    validators: Mapping[str, Draft202012Validator]

    def check(self, of_type: str, name: str | None, properties: bytes) -> Fault | None:
        """Checks one event; None where the plan has nothing against it.

        `properties` is the JSON text of the event's properties, b"" or b"null" for none. The fault's
        pointer is into the event; its verdict is `warning` or `rejected` as the plan says.
        """
        if self.plan.mode == "off" or of_type != "track" or name is None:
            return None
        validator = self.validators.get(name)
        if validator is None:
            return self._unplanned()
        try:
            given = _decode(properties or b"null")
        except msgspec.ValidationError:
            return Fault(Reason.PLAN_VIOLATION, "/properties", _READABLE, self._verdict(Verdict.REJECTED))
        error = next(validator.iter_errors({} if given is None else given), None)
        return None if error is None else _fault(error, self._verdict(Verdict.REJECTED))

    def _unplanned(self) -> Fault | None:
        if self.plan.unplanned == "allow":
            return None
        verdict = Verdict.WARNING if self.plan.unplanned == "warn" else Verdict.REJECTED
        return Fault(
            Reason.UNPLANNED_EVENT, "/event", "an event of the tracking plan", self._verdict(verdict)
        )

    def _verdict(self, verdict: Verdict) -> Verdict:
        return Verdict.WARNING if self.plan.mode == "warn" else verdict


def compile(plan: Plan) -> CompiledPlan:
    """Makes a plan ready; raises PlanError with line and field for a schema that is none.

    Patterns run in linear time (no back-references or look-around), and a schema may only refer to itself.
    """
    return CompiledPlan(
        plan, {name: _validator(plan.tree, name, event) for name, event in plan.events.items()}
    )


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    version: Any
    events: dict[Any, Any]
    mode: Literal["off", "warn", "enforce"] = "warn"
    unplanned: Literal["allow", "warn", "reject"] = "allow"


def _convert(tree: Tree, path: tuple[Any, ...], wanted: Any) -> Any:
    value = tree.value(path)
    try:
        return msgspec.convert(_as_meant(value, path), wanted)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        steps = tuple(step for step in place.rstrip("`").split(".") if step)
        raise PlanError(
            f"tracking plan, {tree.place(path + steps)}: {message}{_advice(wanted, steps)}"
        ) from None


def _as_meant(value: Any, path: tuple[Any, ...]) -> Any:
    """Undoes two habits of YAML: a bare `off` is false, and an event without anything is null."""
    if not path and isinstance(value, dict) and value.get("mode") is False:
        return {**value, "mode": "off"}
    return {} if value is None and path else value


def _advice(wanted: Any, steps: tuple[str, ...]) -> str:
    for field in msgspec.structs.fields(wanted):
        if steps == (field.name,) and getattr(field.type, "__origin__", None) is Literal:
            return f"; one of {', '.join(field.type.__args__)} would do"
    return f"; fields are {', '.join(wanted.__struct_fields__)}" if not steps else ""


def _name(tree: Tree, name: Any) -> str:
    if isinstance(name, str) and name:
        return name
    raise PlanError(
        f"tracking plan, {tree.place(('events', name))}: the name {name!r} is no text; put it in quotes"
    )


def _validator(tree: Tree, name: str, event: PlannedEvent) -> Draft202012Validator:
    path = ("events", name, "properties")
    try:
        return Draft202012Validator(
            event.properties, mask="the value", pattern_options=RegexOptions(), retriever=_refuse_reference
        )
    except ValidationError as error:
        place = tree.place(path + tuple(error.instance_path))
        given = "" if error.instance is None else f"{error.instance!r} will not do: "
        raise PlanError(f"tracking plan, {place}: {given}{error.message}") from None
    except (ReferencingError, ValueError) as error:
        raise PlanError(f"tracking plan, {tree.place(path)}: {error}") from None


def _refuse_reference(uri: str) -> NoReturn:
    raise ValueError(f"a schema may only refer to itself (#/…), not to {uri}")


def _fault(error: ValidationError, verdict: Verdict) -> Fault:
    steps = list(error.instance_path)
    if missing := getattr(error.kind, "property", None):
        steps.append(missing)
    pointer = "/properties" + "".join("/" + _escaped(str(step)) for step in steps)
    return Fault(Reason.PLAN_VIOLATION, pointer, error.message[:_EXPECTED_LENGTH], verdict)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
