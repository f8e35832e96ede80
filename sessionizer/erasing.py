"""Erasures, one pass for all that are filed: look for the people, treat what was found, and look again.

Each stage can be done again with the same result, and the registry knows how far a pass has come, so a kill
costs nothing but the stage that it hit. What takes long (a look) is done by a program of its own; everything
else in slices of a turn.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from sdk_contract.privacy import Vault
from warehouse.erasure.asking import Apart, Ask, ask_of
from warehouse.erasure.filing import Sealed, sealed, shut_out, tombstones, unsealed
from warehouse.erasure.held import must_stitch_anew, shared_rows
from warehouse.erasure.lake_files import purge, slices, write_anew
from warehouse.erasure.looking import Looked
from warehouse.erasure.objects import rewritten
from warehouse.erasure.people import People, Person
from warehouse.erasure.rows import first_load_seqs, replace_rows
from warehouse.erasure.scrubbing import remove_aside, scrub_catalog, scrub_registry
from warehouse.erasure.subject import grown
from warehouse.erasure.work import Work, read_work, write_work
from warehouse.errors import ObjectDamaged, ObjectMissing
from warehouse.registry import Erasure
from warehouse.registry.erasures import DONE, FILED
from warehouse.secrets import Secrets

if TYPE_CHECKING:
    from sessionizer.job import Job

LOOKING, LANDING, LAKE, FILES, CLEARING = "looking", "landing", "lake", "files", "clearing"
STAGES: Final = (FILED, LOOKING, LANDING, LAKE, FILES, CLEARING, DONE)
_OBJECTS_A_TURN: Final = 20
_SHOWN: Final = 20
_FIRST_PAUSE, _LONGEST_PAUSE = 2_000_000, 600_000_000

Looker = Callable[[Ask], Looked]


class Eraser:
    """Obeys erasures between the writer's other steps. `looker` looks for people in all that is kept."""

    def __init__(self, job: Job, looker: Looker | None = None) -> None:
        self._job = job
        self._apart = Apart()
        self._looker = looker or self._apart
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._look: Future[Looked] | None = None
        self._clean: set[str] = set()
        self._rewrites: list[tuple[str, list[str]]] | None = None
        self._landed = 0
        self._again_at = 0
        self._failures = 0
        self._vault: Vault | None = None

    def step(self) -> bool:
        """A slice of the pass under way, or the beginning of one; True where there is more to do at once."""
        waiting = [one for one in self._job.registry.erasures() if one.stage != DONE]
        batch = [one for one in waiting if one.stage != FILED]
        if not batch:
            self._forget()
            return self._begin(waiting)
        # A kill between two rows of the registry leaves stages that differ: the earliest counts.
        stage = min((one.stage for one in batch), key=STAGES.index)
        return _STEPS[stage](self, batch)

    def close(self) -> None:
        """End a look that is under way; the next start begins it anew."""
        self._apart.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, filed: Sequence[Erasure]) -> bool:
        """All that are filed, once everything that was loaded before is stitched."""
        if not filed or self._job.is_behind():
            return False
        for one in filed:
            self._know(one)
        self._move(filed, LOOKING)
        return True

    def _looking(self, batch: Sequence[Erasure]) -> bool:
        if self._look is None:
            if self._job.now() < self._again_at or self._job.is_behind():
                return False
            ask = self._ask(self._people(batch))
            self._look = self._pool.submit(self._looker, ask)
        if not self._look.done():
            return False
        look, self._look = self._look, None
        self._found(batch, look.result())
        return True

    def _ask(self, people: list[Person]) -> Ask:
        firsts = first_load_seqs(self._job.writer.lake)
        return ask_of(self._job.writer.settings, people, firsts, sorted(self._clean))

    def _found(self, batch: Sequence[Erasure], found: Looked) -> None:
        self._clean.update(found.clean)
        root = f"{self._job.writer.settings.folders.root.absolute()}/"
        places = [f"landing/{key}" for key in sorted(found.landing)]
        places += sorted(path.removeprefix(root) for path in found.files)
        self._job.report("info", "erasure looked", {"places": len(places), "read": found.read})
        self._count(batch, {"looks": 1}, places)
        if not places:
            self._end(batch)
            return
        self._pause()
        if not found.landing and all(self._is_on_its_way(path) for path in found.files):
            return
        people = self._people(batch)
        anew = must_stitch_anew(self._job.writer.lake, people, found)
        write_work(self._work_file, Work(found.landing, found.files, anew))
        self._move(batch, LANDING)

    def _landing(self, batch: Sequence[Erasure]) -> bool:
        """Landing first: should the lake have to be mended, it is made of what is there."""
        work = read_work(self._work_file)
        if work is None:
            return self._move(batch, LOOKING)
        people = People(self._people(batch))
        done = list(islice(sorted(work.landing), self._landed, self._landed + _OBJECTS_A_TURN))
        for key in done:
            self._rewrite(key, work, people)
        self._landed += len(done)
        if self._landed < len(work.landing):
            return True
        self._landed = 0
        for one in batch:  # their rows are known by number now, and look like anybody's next time
            self._seal(one, msgspec.structs.replace(self._unsealed(one), shared=(), message_ids=()))
        self._count(batch, {"objects": len(work.landing)})
        return self._move(batch, LAKE)

    def _rewrite(self, key: str, work: Work, people: People) -> None:
        store = self._job.writer.landing
        try:
            data = store.get(key)
            clean = rewritten(data, key, work.landing[key], people.needles, self.vault)
        except (ObjectMissing, ObjectDamaged):
            return  # the next look says so
        if clean != data:
            store.replace(key, clean)
        self._clean.discard(f"landing/{key}")

    def _lake(self, batch: Sequence[Erasure]) -> bool:
        work = read_work(self._work_file)
        if work is None:
            return self._move(batch, LOOKING)
        writer = self._job.writer
        subjects = [self._unsealed(one).subject for one in batch]
        done = replace_rows(writer.lake, writer.landing, writer.dedup, work.landing, subjects)
        if work.anew:
            self._stitch_anew()
        self._rewrites = None
        self._count(batch, msgspec.structs.asdict(done))
        return self._move(batch, FILES)

    def _stitch_anew(self) -> None:
        """Whoever was seen with the erased is decided again, as if they had never been there."""
        with self._job.all_threads() as lake:
            self._job.rebuild(lake)

    def _files(self, batch: Sequence[Erasure]) -> bool:
        """One slice of files a turn."""
        lake, data = self._job.writer.lake, self._data
        if self._rewrites is None:
            work = read_work(self._work_file) or Work()
            self._rewrites = slices(lake, data, work.files)
        if self._rewrites:
            table, paths = self._rewrites.pop(0)
            write_anew(lake, data, table, paths)
            self._count(batch, {"files": len(paths)})
            return True
        self._rewrites = None
        work = read_work(self._work_file) or Work()
        write_work(self._work_file, msgspec.structs.replace(work, snapshot=lake.snapshot()))
        return self._move(batch, CLEARING)

    def _clearing(self, batch: Sequence[Erasure]) -> bool:
        """Running readers have their time to end before the files go."""
        job = self._job
        grace = int(job.settings.erase_grace * 1e6)
        if job.now() < max(one.stage_since for one in batch) + grace:
            return False
        work = read_work(self._work_file) or Work()
        purge(job.writer.lake, self._data, work.snapshot)
        remove_aside(job.writer.settings, work.files)
        scrub_registry(job.registry, People(self._people(batch)).needles)
        job.closed(lambda: scrub_catalog(job.writer.settings))
        self._work_file.unlink(missing_ok=True)
        return self._move(batch, LOOKING)

    def _end(self, batch: Sequence[Erasure]) -> None:
        for one in batch:
            self._job.registry.move_erasure(one.no, DONE, places=[])
            told = {"erasure": one.no, "project": one.project, "mode": one.mode, **self._counts(one)}
            self._job.registry.audit("sessionizer", "person.erased", msgspec.json.encode(told).decode())
        self._job.report("info", "erasure done", {"people": len(batch)})
        self._forget()

    def _know(self, one: Erasure) -> None:
        """Ids that were joined with the person's since, and rows that the lake can tell only now."""
        known, lake = self._unsealed(one), self._job.writer.lake
        subject = grown(lake, known.subject, known.load_seq)
        self._seal(one, Sealed(subject, known.load_seq, *shared_rows(lake, subject)))
        shut_out(self._job.registry, self.vault, one.mode, subject)

    def _seal(self, one: Erasure, held: Sealed) -> None:
        stones = tombstones(self.vault, held.subject)
        self._job.registry.bury(one.no, one.mode, stones, sealed(self.vault, held))

    def _unsealed(self, one: Erasure) -> Sealed:
        return unsealed(self.vault, one.sealed or "")

    def _people(self, batch: Sequence[Erasure]) -> list[Person]:
        held = [(one.mode, self._unsealed(one)) for one in batch]
        return [Person(mode, of.subject, of.shared, of.message_ids) for mode, of in held]

    def _move(self, batch: Sequence[Erasure], stage: str) -> bool:
        for one in batch:
            self._job.registry.move_erasure(one.no, stage)
        return True

    def _count(self, batch: Sequence[Erasure], more: dict[str, int], places: list[str] | None = None) -> None:
        """What a pass did is told of each of its erasures."""
        for one in batch:
            counts = self._counts(one)
            counts |= {name: counts.get(name, 0) + value for name, value in more.items()}
            shown = {} if places is None else {"places": places[:_SHOWN]}
            self._job.registry.move_erasure(one.no, one.stage, counts=counts, **shown)

    def _counts(self, one: Erasure) -> dict[str, int]:
        return self._job.registry.erasure(one.no).counts

    def _pause(self) -> None:
        """What is found again and again, such as a segment that cannot be published, is waited for."""
        pause = min(_FIRST_PAUSE << min(self._failures, 20), _LONGEST_PAUSE)
        self._again_at, self._failures = self._job.now() + pause, self._failures + 1

    def _forget(self) -> None:
        self._clean.clear()
        self._again_at = self._failures = 0

    def _is_on_its_way(self, path: str) -> bool:
        """A segment of the journal is published soon."""
        return Path(path).is_relative_to(self._job.writer.settings.folders.journal.absolute())

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            folder = self._job.writer.settings.folders.secrets
            self._vault = Secrets.open(folder, self._job.now, os.urandom).vault()
        return self._vault

    @property
    def _work_file(self) -> Path:
        return self._job.writer.settings.folders.erasing

    @property
    def _data(self) -> Path:
        return self._job.writer.settings.folders.lake_data.absolute()


_STEPS: Final[dict[str, Callable[[Eraser, Sequence[Erasure]], bool]]] = {
    LOOKING: Eraser._looking,
    LANDING: Eraser._landing,
    LAKE: Eraser._lake,
    FILES: Eraser._files,
    CLEARING: Eraser._clearing,
}
