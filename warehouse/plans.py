"""Tracking plans on disk and in the registry: read, compared, published."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sdk_contract.plan import Plan, compile
from sdk_contract.plan.changes import Change
from sdk_contract.plan.versions import changes, next_version, suffices
from warehouse.errors import PlanRefused
from warehouse.registry import PublishedPlan, Registry

STARTER: Final = Path(__file__).with_name("plan_starter")
_SUFFIXES: Final = (".yaml", ".yml", ".json")


def files_of(folder: Path) -> dict[str, str]:
    """The files of a plan's folder by relative path; PlanRefused where there is no such folder or text."""
    if not folder.is_dir():
        raise PlanRefused(f"{folder} is no folder; `sojourn plan init {folder}` makes one with a plan in it")
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES and path.is_file())
    return {path.relative_to(folder).as_posix(): _text(path) for path in found}


def start(folder: Path) -> list[str]:
    """Writes a plan to start from into a new or empty folder; returns the files.

    PlanRefused where something is in the folder already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanRefused(f"{folder} is there already and not empty; give a new folder")
    files = files_of(STARTER)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def published(registry: Registry, project: str, version: str | None = None) -> Plan:
    """A plan as it was published, the newest or that of a version; PlanRefused where there is none."""
    found = registry.plan(project, version)
    if found is not None:
        return Plan.from_json(found.text)
    known = [plan.version for plan in registry.plans() if plan.project == project]
    wanted = f"{project}@{version}" if version else repr(project)
    there = f"its versions are {', '.join(known)}" if known else "`sojourn plan publish` brings one"
    raise PlanRefused(f"there is no plan of {wanted}; {there}")


def changes_to(registry: Registry, project: str, plan: Plan) -> list[Change]:
    """What this plan would change for the project; [] where the project has none yet."""
    newest = registry.plan(project)
    return [] if newest is None else changes(Plan.from_json(newest.text), plan)


def publish(registry: Registry, project: str, plan: Plan, by: str) -> PublishedPlan:
    """Makes this the project's plan from now on; the newest again changes nothing.

    PlanError for a schema that cannot be used, PlanRefused where the version does not tell of the changes.
    """
    newest, text = registry.plan(project), plan.to_json()
    compile(Plan.from_json(text))
    if newest is not None and newest.text == text:
        return newest
    if newest is not None:
        _refuse_small(newest.version, plan.version, changes_to(registry, project, plan))
    made = registry.publish_plan(project, plan.version, text, by)
    registry.audit(by, "plan.publish", f"{project}: version {made.version}, {len(plan.events)} events")
    return made


def _refuse_small(old: str, new: str, found: list[Change]) -> None:
    if not suffices(new, old, found):
        levels = ", ".join(dict.fromkeys(change.level for change in found)) or "no"
        would_do = next_version(old, found)
        raise PlanRefused(
            f"version {new} after {old} does not tell of {levels} changes; {would_do} or higher would do"
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlanRefused(f"{path} is not UTF-8: {error}") from None
