"""The one writer of the lake: a loop of steps — load, stitch, obey commands, keep up.

Nobody else writes; who wants something changed files a command in the registry. Each step is one transaction
or none, so the program may be stopped or killed between any two statements.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from sdk_contract.errors import SojournError
from sessionizer import commands, tagging
from sessionizer.acting import Actor
from sessionizer.attributes import NO_RULES, Rules, resolve_all
from sessionizer.books import Bookkeeper
from sessionizer.deciding import holding
from sessionizer.erasing import Eraser, Looker
from sessionizer.errors import Interrupted
from sessionizer.identity import IdentityRules, read_rules, text_of_identity
from sessionizer.incremental import Cursor, cursors, stitch
from sessionizer.logs import Report
from sessionizer.probable.keeper import Keeper
from sessionizer.probable.run import MatchReport
from sessionizer.rebuild import RebuildReport, rebuild
from sessionizer.rolling import fill_rollup
from sessionizer.rules import VISITS_IN_USE, RuleReader, text_of, text_of_visits
from sessionizer.sessions import VisitRules
from sessionizer.settings import SessionizerSettings
from sessionizer.steps import Step
from sessionizer.telling import Teller
from sessionizer.visits.presets import chosen
from sessionizer.watching import Watchman
from warehouse.behind import Behind
from warehouse.errors import CatalogUnavailable, LakeLocked
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.writer import Writer

RULES_IN_USE = "attribute_rules"
IDENTITY_IN_USE = "identity_rules"
LONGEST_PAUSE_US = 5_000_000
ROUTINE = ("loaded", "stitched", "tagged", "entered", "upkeep")
Opening = Callable[[Callable[[int, int], None]], Writer]


class Job:
    """Use it from one thread. `now` gives µs UTC; `stop` ends the loop between two steps.

    `opening` opens the writer, `anew` one whose lake is made anew from landing; both are given a function
    that is told the progress (objects done, all of them).
    """

    def __init__(
        self,
        opening: Opening,
        anew: Opening,
        registry: Registry,
        settings: SessionizerSettings,
        *,
        now: Callable[[], int],
        report: Report,
        stop: threading.Event,
        looker: Looker | None = None,
    ) -> None:
        self.registry, self.settings = registry, settings
        self._opening, self._anew = opening, anew
        self.now, self.report, self.stop = now, report, stop
        self._eraser = Eraser(self, looker)
        actions = {
            "open": self._reopen,
            "load": self._load,
            "stitch": self._stitch,
            "fill": self._fill,
            "match": self._match,
            "tag": self._tag,
            "obey": self._obey,
            "erase": self._eraser.step,
            "upkeep": self._upkeep,
            "count": self._count,
            "watch": self._watch,
            "act": self._act,
        }
        self.steps = {name: Step(name, action, report, now) for name, action in actions.items()}
        self._loaded = self._stitched = 0
        self._complete: int | None = None
        self._answered: int | None = None
        self._stitched_complete: int | None = None
        self.writer = self._opened(opening)
        folders = self.writer.settings.folders
        self._books = Bookkeeper(registry, folders, settings.books_every, settings.books_hours, report)
        self._watchman = Watchman(registry, settings.watch_every, report)
        self._actor = Actor(registry, folders.secrets, settings.actions_every, now)
        self._due = dict.fromkeys(actions, 0)
        self._teller = Teller(registry)
        self._away = False
        self._rules = RuleReader(registry, settings.attribute_rule)
        self._tagger = tagging.Tagger(registry)
        self.probable = Keeper(registry, settings, report)
        self.identity: IdentityRules = read_rules(settings.identity_rules)

    def run(self) -> None:
        """Until `stop` is set. A fault of ours, neither SojournError nor DuckDB's, ends the program."""
        while not self.stop.is_set():
            busy = self.turn()
            self._say()
            if not busy:
                self.stop.wait(self.settings.poll_every)

    def turn(self) -> bool:
        """Each step once; True where more is waiting already."""
        self._step("open")
        if self.writer.lost or self._away:
            return False
        loaded = self._step("load")
        stitched = self._step("stitch")
        filling = self._step("fill")
        self._step("match")
        self._step("tag")
        self._step("obey")
        erasing = self._step("erase")
        if not (loaded or self._behind()) or self.now() >= self._due["upkeep"]:
            self._step("upkeep")
        self._step("count")
        self._step("watch")
        self._step("act")
        return loaded or erasing or filling or (stitched and self._behind())

    def is_behind(self) -> bool:
        """Whether something is loaded that is not stitched yet."""
        return self._loaded > self._stitched

    def closed(self, action: Callable[[], None]) -> None:
        """Do something while no lake is open in this program; afterwards it is opened as after a stop."""
        self._away = True
        self.writer.close()
        action()
        self.writer = self._opened(self._opening)
        self._away = False

    def reload(self) -> None:
        """Make the lake anew from landing; sessions and customers are empty in it."""
        self.writer.close()
        try:
            self.writer = self._opened(self._anew)
        except SojournError:
            self.writer = self._opened(self._opening)
            raise
        self.probable.start_anew()
        self._actor.anew()

    @contextmanager
    def all_threads(self) -> Iterator[Lake]:
        """The lake, with the threads of the settings for something large."""
        lake = self.writer.lake
        with lake.threads(self.lake_threads):
            yield lake

    def rules(self) -> Rules:
        """How attributes are chosen now."""
        return self._rules.read()

    def tell_step(self, name: str) -> None:
        """A step of a rebuild begins."""
        self.report("info", "rebuild", {"step": name})

    def laws(self) -> dict[str, Any]:
        """All rules that hold now, and what people decided, as `stitch` and `rebuild` take them."""
        return {
            "visits": self.visits(),
            "rules": self.rules(),
            "ids": self.identity,
            "decisions": holding(self.registry),
            "probable": self.probable.limits,
        }

    def rebuild(self, lake: Lake) -> RebuildReport:
        """Everything computed anew from the lake's events; each step is told."""
        self._unfilled = True
        return rebuild(lake, now=self.now, progress=self.tell_step, **self.laws())

    def match(self) -> MatchReport:
        """Look for customers that are probably one person."""
        began = self.now()
        done = self.probable.match(self.writer.lake, began, self.lake_threads)
        self._tell("matched", began, msgspec.structs.asdict(done), "seconds")
        return done

    def close(self) -> None:
        """End cleanly: what was written is on disk and says so."""
        self._eraser.close()
        if not self._away:
            self.writer.close()

    def _opened(self, opening: Opening) -> Writer:
        """Small transactions cost a third less CPU on one thread than on two, and are no slower."""
        writer = opening(self._progress)
        try:
            ((self.lake_threads,),) = writer.lake.query("SELECT current_setting('threads')")
            writer.lake.execute("SET threads = 1")
            self._read_cursors(writer.lake)
        except BaseException:
            writer.lake.close()
            raise
        return writer

    def _reopen(self) -> bool:
        """Another may have written since the lock was lost: begin as after a kill. It may be ours still,
        until the server has noticed that we went.
        """
        if not (self.writer.lost or self._away):
            return False
        if not self._away:
            self.writer.close()
        try:
            self.writer = self._opened(self._opening)
        except LakeLocked as error:
            raise CatalogUnavailable(str(error)) from error
        self._away = False
        self.report("info", "opened anew", {"mended_files": self.writer.mended.files})
        return True

    def _progress(self, done: int, of: int) -> None:
        if self.stop.is_set():
            raise Interrupted(f"stopped after {done} of {of} objects; the next start goes on with them")
        self.report("info", "loading anew", {"objects": done, "of": of})

    def _step(self, name: str) -> bool:
        return not self.stop.is_set() and self.steps[name].attempt()

    def _load(self) -> bool:
        began = self.now()
        report = self.writer.load()
        self._loaded = max(self._loaded, report.last_load_seq or 0)
        if self.steps["load"].trouble:  # the commit that failed may stand
            self._read_cursors(self.writer.lake)
        self._complete = report.complete_until
        if report.objects:
            self._tell("loaded", began, msgspec.structs.asdict(report), "damaged_objects", "complete_until")
        for key in report.damaged_objects:
            self.report("error", "landing object damaged", {"key": key})
        return report.objects > 0

    def _stitch(self) -> bool:
        began = self.now()
        behind = (self._loaded, self._complete) != (self._stitched, self._stitched_complete)
        if not behind or began < self._due["stitch"]:
            return False
        complete = self._complete
        self._settle_rules()
        self._settle_visits()
        report = stitch(self.writer.lake, now=self.now, batch=self.settings.stitch_rows, **self.laws())
        self._stitched, self._stitched_complete = report.until, complete
        self._answered = self._answered if report.behind else complete
        if not report.events:
            return False
        self._tell("stitched", began, msgspec.structs.asdict(report), "seconds")
        took = self.now() - began
        share = min(took / self.settings.stitch_share - took, LONGEST_PAUSE_US)
        pause = max(self.settings.stitch_every * 1e6 - took, share)
        self._due["stitch"] = 0 if report.behind else self.now() + int(pause)
        return True

    def _fill(self) -> bool:
        """A portion of the roll-up, where it is to be made of events from before."""
        if self._unfilled:
            self._unfilled = fill_rollup(self.writer.lake, self.now(), self.report)
        return self._unfilled

    def _settle_rules(self) -> None:
        """Where the rules are others than at the last run, every attribute is chosen anew first."""
        rules = self.rules()
        text = text_of(rules)
        if text != self.registry.setting(RULES_IN_USE, text_of(NO_RULES)):
            with self.writer.lake.transaction():
                changed = resolve_all(self.writer.lake, rules)
                tagging.touch_all(self.writer.lake)
            self.registry.set_setting(RULES_IN_USE, text)
            self.report("info", "attributes chosen anew", {"changed": changed})

    def visits(self) -> VisitRules:
        """How events are cut into sessions now."""
        return self._rules.visits(chosen(self.settings.session_rules))

    def _settle_visits(self) -> None:
        """Where the rules of sessions or identity are others than at the last run, everything is made anew
        first.
        """
        visits = self.visits()
        texts = {VISITS_IN_USE: text_of_visits(visits), IDENTITY_IN_USE: text_of_identity(self.identity)}
        others = {name for name, text in texts.items() if text != self.registry.setting(name, "")}
        if others and cursors(self.writer.lake)["stitch"].load_seq:
            if VISITS_IN_USE in others:
                self.report("info", "sessions cut anew", {"rules": visits.cutting.name})
            if IDENTITY_IN_USE in others:
                self.report("info", "identities decided anew", {"file": self.settings.identity_rules})
            with self.all_threads() as lake:
                self.rebuild(lake)
        for name in others:
            self.registry.set_setting(name, texts[name])

    def _match(self) -> bool:
        self.probable.settle(self.writer.lake)
        if not self.probable.is_due(self.now()):
            return False
        self.match()
        return True

    def _tag(self) -> bool:
        began = self.now()
        if began < self._due["tag"]:
            return False
        report = self._tagger.step(self.writer.lake, began)
        took = self.now() - began
        share = took / self.settings.tags_share - took
        self._due["tag"] = self.now() + int(max(self.settings.tags_every * 1e6 - took, share))
        if report.tags or report.customers or report.gone:
            self._tell("tagged", began, msgspec.structs.asdict(report))
        return False

    def _obey(self) -> bool:
        if self.now() < self._due["obey"]:
            return False
        self._due["obey"] = self.now() + int(self.settings.commands_every * 1e6)
        command = self.registry.next_command()
        if command is None:
            return False
        began = self.now()
        try:
            result = commands.obey(self, command)
        except SojournError as error:
            self.registry.finish_command(command.id, "failed", {"error": str(error)})
            self._tell("command failed", began, {"id": command.id, "kind": command.kind, "error": str(error)})
        else:
            self.registry.finish_command(command.id, "done", result)
            self._tell("command done", began, {"id": command.id, "kind": command.kind, **result}, "seconds")
        self._read_cursors(self.writer.lake)
        return True

    def _upkeep(self) -> bool:
        began = self.now()
        chores = self.writer.upkeep()
        self._due["upkeep"] = self.now() + int(self.settings.upkeep_every * 1e6)
        if chores:
            done = [f"{chore.name} {chore.table} {chore.count}".replace("  ", " ") for chore in chores]
            self._tell("upkeep", began, {"chores": done})
        return bool(chores)

    def _count(self) -> bool:
        began = self.now()
        if not self._books.is_due(began):
            return False
        self._books.count(self.writer.lake, self.writer.store, began)
        self._books.took(began, self.now())
        return False

    def _watch(self) -> bool:
        began = self.now()
        if self._behind() or not self._watchman.is_due(began):
            return False
        more = self._watchman.look(self.writer.lake, began)
        self._watchman.took(began, self.now())
        return more

    def _act(self) -> bool:
        began = self.now()
        report = msgspec.structs.asdict(self._actor.look(self.writer.lake, began))
        if any(report.values()):
            self._tell("entered", began, report)
        return False

    def _behind(self) -> bool:
        return self._due["stitch"] == 0 and self._loaded > self._stitched

    def _read_cursors(self, lake: Lake) -> None:
        at = cursors(lake)
        self._loaded, self._stitched = at["load"].load_seq, at["stitch"].load_seq
        self._complete, self._answered = at["load"].moment, at["stitch"].moment
        self._unfilled = at.get("rollup", Cursor()).load_seq < self._stitched

    def _tell(self, event: str, began: int, fields: dict[str, Any], *without: str) -> None:
        told = {
            name: value for name, value in fields.items() if name not in without and value not in (0, None)
        }
        level = "debug" if event in ROUTINE else "info"
        self.report(level, event, {**told, "seconds": round((self.now() - began) / 1e6, 3)})

    def _say(self) -> None:
        troubles = {name: step.trouble.error for name, step in self.steps.items() if step.trouble}
        self._teller.tell_troubles(troubles)
        if self._teller.is_due(self.now()):
            rows = self._loaded - self._stitched
            self._teller.tell(Behind(self.now(), *self.writer.left, rows, self._complete, self._answered))
