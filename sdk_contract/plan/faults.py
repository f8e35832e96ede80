"""What makes a plan unusable, and where it stands."""

from collections.abc import Iterator
from typing import Any, Final

from sdk_contract.errors import PlanError
from sdk_contract.plan.folder import Folder, Problem, Source
from sdk_contract.plan.keywords import parts
from sdk_contract.plan.marks import resolve
from sdk_contract.plan.model import WITH_TRAITS, Plan, PlannedEvent, Schema
from sdk_contract.plan.schemas import properties_schema
from sdk_contract.plan.soundness import Place, wrong_parts
from sdk_contract.plan.versions import numbers

IDS: Final = ("userId", "anonymousId", "groupId", "previousId")


def faults(folder: Folder) -> Iterator[Problem]:
    """All errors of a folder that could be read."""
    plan = folder.plan
    if plan is None:
        return
    pairs = list(zip(folder.sources, plan.events, strict=True))
    wrong = [*_of_head(folder.head, plan), *_twins(folder, plan)]
    for source, event in pairs:
        wrong += [*_of_names(source, event), *_of_schemas(source, plan, event)]
    yield from wrong
    if not wrong:  # what follows reads schemas, and needs sound ones
        yield from _of_identifiers(folder.head, plan)
        for source, event in pairs:
            yield from _of_conversion(source, plan, event)


def _of_head(source: Source, plan: Plan) -> Iterator[Problem]:
    try:
        numbers(plan.version)
    except PlanError as error:
        yield source.problem(("version",), str(error))
    yield from _of_shared(source, plan.properties)
    for field, schema in (("context", plan.context), ("service", plan.service or {})):
        yield from _of_context(source, schema, (field,), plan)


def _of_context(source: Source, schema: Schema, path: tuple[Any, ...], plan: Plan) -> Iterator[Problem]:
    yield from _of_schema(source, schema, path, plan)
    for at, part in parts(schema):
        for mark in ("x-pii", "x-clean"):
            if mark in part:
                text = f"{mark} is for properties and traits; a context is treated by the privacy policy"
                yield source.problem((*path, *at, mark), text)


def _of_shared(source: Source, shared: dict[str, Schema]) -> Iterator[Problem]:
    """Each shared part as the property that it will be; what is wrong is said where it stands."""
    pretended = {"$defs": shared, "properties": {name: {"$ref": f"#/$defs/{name}"} for name in shared}}
    for path, text in wrong_parts(pretended, pretended):
        yield source.problem(("properties", *path[1:]), text)


def _of_identifiers(source: Source, plan: Plan) -> Iterator[Problem]:
    for name, identifier in plan.identifiers.items():
        part, _, field = identifier.path.partition(".")
        if part in (*IDS, "context") or part not in ("traits", "properties"):
            if part not in (*IDS, "context"):
                would_do = f"one of {', '.join(IDS)}, traits.…, properties.… or context.… would do"
                yield source.problem(("identifiers", name, "path"), f"{identifier.path!r}: {would_do}")
            continue
        events = [event for event in plan.events if (event.type in WITH_TRAITS) == (part == "traits")]
        if not any(property_of(properties_schema(plan, event), field) for event in events):
            text = f"no event of the plan has {field!r} among its {part}"
            yield source.problem(("identifiers", name, "path"), text)


def _of_conversion(source: Source, plan: Plan, event: PlannedEvent) -> Iterator[Problem]:
    if event.conversion is None:
        return
    schema = properties_schema(plan, event)
    for field, types in (("value", {"number", "integer"}), ("currency", {"string"})):
        name = getattr(event.conversion, field)
        if name is None:
            continue
        found = property_of(schema, name)
        if found is None:
            text = f"the event has no property {name!r}"
            yield source.problem(("conversion", field), text)
        elif not _may_be(found, types):
            text = f"the property {name!r} is no {'number' if field == 'value' else 'text'}"
            yield source.problem(("conversion", field), text)


def property_of(schema: Schema, name: str) -> Schema | None:
    """The schema of a property, {} where it may be anything; None where it is not planned."""
    found = follow(schema, schema).get("properties", {}).get(name)
    return None if found is None else follow(found, schema)


def follow(schema: Any, root: Schema) -> Schema:
    """A schema, or what its reference leads to; {} for none."""
    for _ in range(20):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = resolve(root, schema["$ref"])
    return schema if isinstance(schema, dict) else {}


def _may_be(schema: Schema, types: set[str]) -> bool:
    if "enum" in schema:
        return any(isinstance(value, str) == ("string" in types) for value in schema["enum"])
    given = schema.get("type")
    return bool(types & ({given} if isinstance(given, str) else set(given or ())))


def _twins(folder: Folder, plan: Plan) -> Iterator[Problem]:
    seen: dict[object, Source] = {}
    for source, event in zip(folder.sources, plan.events, strict=True):
        if (first := seen.setdefault(event.key, source)) is not source:
            where = f"{first.file}, line {first.tree.line(first.path)}"
            field = ("type",) if event.event is None else ("event",)
            yield source.problem(field, f"{event.title!r} is planned already in {where}")


def _of_names(source: Source, event: PlannedEvent) -> Iterator[Problem]:
    if event.event == "" or (event.event is None and event.type == "track"):
        yield source.problem(("event",), "a name is missing; or `type: identify`, page, screen, group")
    if event.event is not None and event.type in ("identify", "group"):
        yield source.problem(("event",), f"events of type {event.type} have no names")
    if (event.form is not None) != (event.kind == "form"):
        wanted = "a form has `form:` with its name and fields" if event.kind == "form" else "add `kind: form`"
        yield source.problem(("kind",) if event.kind else ("form",), wanted)


def _of_schemas(source: Source, plan: Plan, event: PlannedEvent) -> Iterator[Problem]:
    wrong = _wrong(event.properties, plan)
    yield from _told(source, event.properties, ("properties",), wrong)
    if not wrong and event.form is not None:
        yield from _of_schema(source, properties_schema(plan, event), ("properties",), plan)
    yield from _of_context(source, event.context, ("context",), plan)


def _of_schema(source: Source, schema: Schema, path: tuple[Any, ...], plan: Plan) -> Iterator[Problem]:
    return _told(source, schema, path, _wrong(schema, plan))


def _wrong(schema: Schema, plan: Plan) -> list[tuple[Place, str]]:
    """What is wrong with a schema, or with the plan's shared parts in it, which can hide what else is."""
    own = schema.get("$defs", {})
    defs = plan.properties | own if isinstance(own, dict) else own
    return list(wrong_parts(schema | {"$defs": defs}, schema))


def _told(
    source: Source, schema: Schema, path: tuple[Any, ...], wrong: list[tuple[Place, str]]
) -> Iterator[Problem]:
    """All of it but for the plan's shared parts."""
    for at, text in wrong:
        if at[:1] != ("$defs",) or "$defs" in schema:
            yield source.problem(path + at, text)
