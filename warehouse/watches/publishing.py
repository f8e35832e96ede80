"""Watches in the registry: published, stopped, listed with how they stand."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.registry import Registry
from warehouse.registry.watches import PublishedWatch
from warehouse.times import iso
from warehouse.watches.definition import Watch, is_stopped, published


def publish(
    registry: Registry, project: str, watch: Watch, by: str, since: int | None = None
) -> PublishedWatch:
    """From now on this is the watch of its name; the newest again changes nothing. `since`: a new one judges
    the past as well, from then on (µs UTC).
    """
    before = registry.watches(project, watch.name)
    made = registry.publish_watch(project, watch.name, msgspec.json.encode(watch).decode(), by, since)
    if made not in before:
        registry.audit(by, "watch.publish", f"{project}: {watch.name} version {made.number}")
    return made


def stop(registry: Registry, project: str, name: str, by: str) -> PublishedWatch:
    """It is not looked at from now on; its alerts stay as they are. RegistryError where there is none."""
    watch = published(registry.watch(project, name).text)
    made = publish(registry, project, msgspec.structs.replace(watch, stopped=True), by)
    registry.audit(by, "watch.stop", f"{project}: {name}")
    return made


def resume(registry: Registry, project: str, name: str, by: str) -> PublishedWatch:
    """It is looked at again from now on. RegistryError where there is none."""
    watch = published(registry.watch(project, name).text)
    return publish(registry, project, msgspec.structs.replace(watch, stopped=False), by)


def remove(registry: Registry, project: str, name: str, by: str) -> None:
    """Forget it, with its alerts and all that was judged. RegistryError where there is none."""
    registry.watch(project, name)
    registry.forget_watch(project, name)
    registry.audit(by, "watch.remove", f"{project}: {name}")


def standing(registry: Registry) -> list[dict[str, Any]]:
    """The newest version of each watch, and how it stands."""
    newest = {(one.project, one.name): one for one in registry.watches()}
    return [_standing(registry, one) for one in newest.values()]


def _standing(registry: Registry, one: PublishedWatch) -> dict[str, Any]:
    known, progress = registry.judged_until(one), registry.progress(one)
    return {
        "project": one.project,
        "watch": one.name,
        "version": one.number,
        "state": "stopped" if is_stopped(one.text) else "watching",
        "judged_until": iso(known[1]) if known else None,
        "open_alerts": registry.alive_alerts(one.project, one.name),
        "error": progress.error if progress else None,
        "published_at": iso(one.published_at),
        "published_by": one.published_by,
    }
