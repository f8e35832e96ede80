"""Where a program may be told to kill itself: the functions in which a step of an event's way happens."""

from typing import Final

import msgspec

BEFORE, HALF, INSIDE, AFTER = "before", "half", "inside", "after"
BEFORE_COMMIT, AFTER_COMMIT = "before its commit", "after its commit"
AROUND: Final = (BEFORE, INSIDE, AFTER)
WRITTEN: Final = (BEFORE, HALF, AFTER)
COMMITTED: Final = (BEFORE, INSIDE, BEFORE_COMMIT, AFTER_COMMIT, AFTER)

TRANSACTION: Final = ("warehouse.lake", "Lake.transaction")


class Point(msgspec.Struct, frozen=True):
    """A function, named as text because nothing here imports it, and at which moments of a call to die.

    `HALF` writes the first half of its last argument, `INSIDE` lets the kernel kill in the midst of the call,
    the two of a commit are the moments around the end of the first transaction inside.
    """

    step: str
    module: str
    name: str
    moments: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.module}.{self.name}"


POINTS: Final = (
    Point("append", "collector.files", "Files.write", WRITTEN),
    Point("fsync", "collector.files", "Files.fdatasync", AROUND),
    Point("fsync", "collector.files", "Files.fsync_folder", AROUND),
    Point("seal", "collector.writer", "SegmentWriter.seal", AROUND),
    Point("seal", "collector.files", "Files.rename", AROUND),
    Point("upload", "warehouse.stores", "LocalStore.put_new", AROUND),
    Point("upload", "warehouse.stores", "_write_durable", (*WRITTEN, INSIDE)),
    Point("upload", "warehouse.stores", "_link_new", AROUND),
    Point("tally", "warehouse.registry.core", "Registry.tally_segment", AROUND),
    Point("trim", "collector.files", "Files.unlink", AROUND),
    Point("load", "warehouse.load", "load_objects", COMMITTED),
    Point("stitch", "sessionizer.incremental", "stitch", COMMITTED),
    Point("join", "sessionizer.identity.resolution", "judge", AROUND),
    Point("join", "sessionizer.identity.lives", "write", AROUND),
    Point("join", "sessionizer.identity.devices", "point", AROUND),
    Point("join", "sessionizer.customers", "adjust", AROUND),
    Point("join", "sessionizer.attributes", "adjust", AROUND),
    Point("compact", "warehouse.upkeep", "merge", AROUND),
    Point("compact", "warehouse.upkeep", "rewrite", COMMITTED),
    Point("expire", "warehouse.upkeep", "expire", AROUND),
    Point("expire", "warehouse.upkeep", "remove_dropped", AROUND),
    Point("mark", "warehouse.mark", "sync_files", AROUND),
    Point("mark", "warehouse.mark", "write_mark", AROUND),
    Point("open", "warehouse.verify", "set_damage_aside", AROUND),
    Point("open", "warehouse.lake", "attach_writer", AROUND),
)
# Of a program that runs beside the house: nothing of an event's way waits for it.
BESIDE: Final = (
    Point("publish", "warehouse.publish.postgres", "Run._own_schema", AROUND),
    Point("publish", "warehouse.publish.postgres", "Run._stage", AROUND),
    Point("publish", "warehouse.publish.postgres", "Run._count", AROUND),
    Point("publish", "warehouse.publish.postgres", "Run._noted", AROUND),
    Point("publish", "warehouse.publish.postgres", "Run._empty_others", AROUND),
    Point("publish", "warehouse.publish.postgres", "Run.whole", AROUND),
)
STEPS: Final = tuple(dict.fromkeys(point.step for point in POINTS))
