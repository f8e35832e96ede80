"""What is wrong with a plan, and what should be better: every place at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from sdk_contract.plan.advice import advise
from sdk_contract.plan.folder import Folder, Problem, Source, first_error, read_folder
from sdk_contract.plan.keywords import strange_words
from sdk_contract.plan.marks import Marks
from sdk_contract.plan.model import Plan, PlannedEvent, Schema
from sdk_contract.plan.schemas import BadSchema, properties_schema, validator


def read_plan(files: Mapping[str, str]) -> Plan:
    """Reads a plan's folder (relative path -> text); PlanError names file, line and field of its first error.

    The schemas are looked at too: what this returns can be compiled.
    """
    folder = read_folder(files)
    problems = [*folder.problems, *_errors(folder)]
    if error := first_error(problems):
        raise error
    assert folder.plan is not None
    return folder.plan


def lint(files: Mapping[str, str]) -> list[Problem]:
    """Everything that is wrong (errors) or should be better (warnings), by file and line."""
    folder = read_folder(files)
    problems = [*folder.problems, *_errors(folder)]
    if folder.plan is not None:
        problems.extend(advise(folder, folder.plan))
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (problem.severity, problem.file, problem.line or 0))


def _errors(folder: Folder) -> Iterator[Problem]:
    plan = folder.plan
    if plan is None:
        return
    yield from _of_head(folder.head, plan)
    yield from _twins(folder, plan)
    for source, event in zip(folder.sources, plan.events, strict=True):
        yield from _of_names(source, event)
        yield from _of_schemas(source, plan, event)


def _of_head(source: Source, plan: Plan) -> Iterator[Problem]:
    shared = {"$defs": plan.properties}
    for name, schema in plan.properties.items():
        yield from _of_schema(source, schema | shared, ("properties", name), marks=False)
    yield from _of_schema(source, plan.context | shared, ("context",), marks=False)
    yield from _of_schema(source, (plan.service or {}) | shared, ("service",), marks=False)


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
    yield from _of_schema(source, properties_schema(plan, event), ("properties",), marks=True)
    if event.context:
        own = {"$defs": plan.properties} | event.context
        yield from _of_schema(source, own, ("context",), marks=False)


def _of_schema(source: Source, schema: Schema, path: tuple[Any, ...], *, marks: bool) -> Iterator[Problem]:
    own = {word: part for word, part in schema.items() if word != "$defs"}
    for at, text in strange_words(own):
        yield source.problem(path + at, text)
    try:
        validator(schema)
        if marks:
            Marks(schema)
    except BadSchema as bad:
        yield source.problem(path + bad.path, bad.text)
