"""What the writer does when others ask. A command may be handed out twice, so doing it twice does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from sessionizer.deciding import Desk, decide, undo
from sessionizer.errors import BadCommand, UnknownCommand
from warehouse.cohorts import saving
from warehouse.imports import inbox
from warehouse.registry import Command
from warehouse.replaying import replay

if TYPE_CHECKING:
    from sessionizer.job import Job

SOURCES = ("lake", "landing")


def obey(job: Job, command: Command) -> dict[str, Any]:
    """Do what a command says and return what came of it. Raises UnknownCommand, BadCommand."""
    if command.kind not in KINDS:
        known = ", ".join(KINDS)
        raise UnknownCommand(f"command {command.kind!r} is not known to this writer; it knows {known}")
    return KINDS[command.kind](job, command)


def _rebuild(job: Job, command: Command) -> dict[str, Any]:
    source = command.args.get("from", "lake")
    if source not in SOURCES:
        raise BadCommand(f"from is {source!r}; it must be one of {', '.join(SOURCES)}")
    if source == "landing":
        job.reload()
    with job.all_threads() as lake:
        return msgspec.structs.asdict(job.rebuild(lake))


def _replay(job: Job, command: Command) -> dict[str, Any]:
    return replay(job.writer, job.registry, command, now=job.now)


def _match(job: Job, _: Command) -> dict[str, Any]:
    return msgspec.structs.asdict(job.match())


def _cohort(job: Job, command: Command) -> dict[str, Any]:
    return saving.obey(job.writer.lake, job.registry, command, now=job.now)


def _decide(job: Job, command: Command) -> dict[str, Any]:
    return decide(_desk(job), command)


def _import(job: Job, command: Command) -> dict[str, Any]:
    return inbox.begin(job.writer.settings, command.args)


def _undo(job: Job, command: Command) -> dict[str, Any]:
    return undo(_desk(job), command)


def _desk(job: Job) -> Desk:
    laws = {name: value for name, value in job.laws().items() if name != "decisions"}
    return Desk(job.writer.lake, job.registry, **laws)


KINDS: dict[str, Callable[[Job, Command], dict[str, Any]]] = {
    "cohort": _cohort,
    "decide": _decide,
    inbox.KIND: _import,
    "match": _match,
    "rebuild": _rebuild,
    "replay": _replay,
    "undo": _undo,
}
