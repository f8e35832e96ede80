"""A plan as it is written: a folder of YAML files, and in which line of which file each part stands."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_origin

import msgspec
from msgspec import Struct

from sdk_contract.errors import PlanError
from sdk_contract.plan.model import Plan, PlannedEvent
from sdk_contract.yaml_places import Tree, YamlError, read_trees

HEAD: Final = "plan.yaml"
EVENTS: Final = "events/"
_YAML: Final = (".yaml", ".yml")
_NOT_READ: Final = "is not read; events stand in files below events/ that end in .yaml"


class Problem(Struct, frozen=True):
    """Something in a plan that cannot be (error) or should not be (warning), and what would do."""

    severity: Literal["error", "warning"]
    file: str
    line: int | None
    field: str
    text: str

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        field = f", {self.field}" if self.field else ""
        return f"{self.file}{line}{field}: {self.text}"


class Source(Struct, frozen=True):
    """Where a part of the plan stands: its file, the document, and the path in it."""

    file: str
    tree: Tree
    path: tuple[Any, ...] = ()

    def problem(
        self, path: tuple[Any, ...], text: str, severity: Literal["error", "warning"] = "error"
    ) -> Problem:
        return Problem(severity, self.file, self.tree.line(self.path + path), ".".join(map(str, path)), text)


class Folder(Struct, frozen=True):
    """A plan as far as it could be read; `plan` is None where `problems` has an error of reading.

    `sources` has a place for each event of the plan, in the same order, and `head` is that of plan.yaml.
    """

    plan: Plan | None
    head: Source
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]


def read_folder(files: Mapping[str, str]) -> Folder:
    """Reads the files of a folder (relative path -> text); never raises for what stands in them.

    `plan.yaml` and all of `events/**/*.yaml` count. A file of events holds one event, a list of events, or
    several of these with `---` between.
    """
    problems = [Problem("warning", file, None, "", _NOT_READ) for file in sorted(files) if _is_stray(file)]
    head, fields = _read_head(files, problems)
    events: list[PlannedEvent] = []
    sources: list[Source] = []
    for file in sorted(files):
        if _is_of_events(file):
            for source in _parts(file, files[file], problems):
                if (event := _convert(source, PlannedEvent, problems)) is not None:
                    events.append(event)
                    sources.append(source)
    plan = None
    if all(problem.severity == "warning" for problem in problems):
        plan = msgspec.structs.replace(fields, events=tuple(events))
    return Folder(plan, head, tuple(sources), tuple(problems))


def _is_stray(file: str) -> bool:
    return file.endswith((*_YAML, ".json")) and file != HEAD and not _is_of_events(file)


def _is_of_events(file: str) -> bool:
    return file.startswith(EVENTS) and file.endswith(_YAML)


def _read_head(files: Mapping[str, str], problems: list[Problem]) -> tuple[Source, Any]:
    empty = Source(HEAD, Tree({}, None))
    if HEAD not in files:
        would_do = "`sojourn plan init` makes a folder with one"
        problems.append(Problem("error", HEAD, None, "", f"there is no such file; {would_do}"))
        return empty, None
    trees = _trees(HEAD, files[HEAD], problems)
    if trees is None:
        return empty, None
    source = Source(HEAD, trees[0] if trees else Tree(None, None))
    if isinstance(source.tree.root, dict) and "events" in source.tree.root:
        problems.append(source.problem(("events",), "events stand in files of their own, below events/"))
        return source, None
    return source, _convert(source, Plan, problems)


def _parts(file: str, text: str, problems: list[Problem]) -> Iterator[Source]:
    for tree in _trees(file, text, problems) or ():
        if isinstance(tree.root, list):
            yield from (Source(file, tree, (index,)) for index in range(len(tree.root)))
        else:
            yield Source(file, tree)


def _trees(file: str, text: str, problems: list[Problem]) -> list[Tree] | None:
    try:
        return read_trees(text)
    except YamlError as error:
        problems.append(Problem("error", file, error.line, "", error.text))
        return None


def _convert(source: Source, wanted: type[Any], problems: list[Problem]) -> Any:
    value = source.tree.root
    for step in source.path:
        value = value[step]
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        path = tuple(_steps(place.rstrip("`")))
        problems.append(source.problem(path, message + _advice(wanted, path)))
        return None


def _steps(place: str) -> Iterator[Any]:
    """The steps of a place as msgspec writes it: `.form.actions[2]`."""
    for step in place.replace("[", ".").replace("]", "").split("."):
        if step and step != "...":
            yield int(step) if step.isdigit() else step


def _advice(wanted: type[Any], path: tuple[Any, ...]) -> str:
    if not path:
        names = [name for name in wanted.__struct_fields__ if wanted is not Plan or name != "events"]
        return f"; fields are {', '.join(names)}"
    for field in msgspec.structs.fields(wanted):
        if field.name == path[0] and len(path) == 1:
            if choices := _choices(field.type):
                return f"; one of {', '.join(choices)} would do"
            return "; put it in quotes" if field.type in (str, str | None) else ""
    return ""


def _choices(wanted: Any) -> tuple[str, ...]:
    if get_origin(wanted) is Literal:
        return tuple(wanted.__args__)
    return tuple(name for part in getattr(wanted, "__args__", ()) for name in _choices(part))


def first_error(problems: tuple[Problem, ...] | list[Problem]) -> PlanError | None:
    """What `read_plan` raises for a list of problems."""
    errors = [problem for problem in problems if problem.severity == "error"]
    return PlanError(f"tracking plan, {errors[0]}") if errors else None
