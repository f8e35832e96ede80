"""A small world with somebody to be erased: Ada, who shares a tablet with Ben; Cyd knows neither."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sessionizer.job import Job
from sessionizer.settings import SessionizerSettings
from tests.warehouse.lakes import HOUR, NOON, SECOND, Row, Site, event
from warehouse.erasure.asking import Ask, look
from warehouse.erasure.filing import file_erasure
from warehouse.erasure.looking import Looked
from warehouse.erasure.subject import find_subject
from warehouse.registry import Erasure
from warehouse.secrets import Secrets
from warehouse.writer import Writer, from_landing, open_writer

ADA, BEN, CYD = "user-ada-4815162342", "user-ben-2718281828", "user-cyd-3141592653"
LAPTOP, TABLET, PHONE = "laptop-ada-55501", "tablet-family-55502", "phone-cyd-55503"
ZOE = "user-zoe-1123581321"
MAIL = "ada.lovelace@example.com"
MINUTE = 60 * SECOND


class World:
    """A data folder with its job. `sealed` makes the token of a body that nobody can read."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.site = Site(root, **settings)
        self.site.registry.create_key("shop", "web")
        secrets = Secrets.open(self.site.settings.folders.secrets, self.site.now, os.urandom)
        self.vault = secrets.vault()
        self.lines: list[tuple[str, str, dict[str, object]]] = []
        self.job = self.new_job()

    def new_job(self) -> Job:
        return Job(
            self._open(open_writer),
            self._open(from_landing),
            self.site.registry,
            SessionizerSettings(
                data=str(self.site.settings.data),
                stitch_every=0.0,
                commands_every=0.0,
                books_every=10_000.0,
                erase_grace=0.0,
            ),
            looker=self.look,
            now=self.site.now,
            report=self._report,
            stop=threading.Event(),
        )

    def look(self, ask: Ask) -> Looked:
        """In this program: nobody else has the data folder open."""
        return look(ask)

    def erase(self, asked: str, mode: str = "erase", *, project: str | None = "shop") -> Erasure:
        """File an erasure as the command does."""
        lake = self.job.writer.lake
        subject = find_subject(lake, asked, project)
        ((until,),) = lake.query("SELECT max(load_seq) FROM cursors WHERE name = 'load'")
        return file_erasure(
            self.site.registry, self.vault, subject, mode=mode, reason="asked", by="test", load_seq=until
        )

    def finish(self, no: int, turns: int = 400) -> Erasure:
        """Take turns until an erasure is done."""
        for _ in range(turns):
            self.turn()
            if (found := self.site.registry.erasure(no)).done_at is not None:
                return found
            time.sleep(0.01)
        raise AssertionError(f"not done: {self.site.registry.erasure(no)}, {self.lines[-5:]}")

    def _open(self, opening: Callable[..., Writer]) -> Callable[[Callable[[int, int], None]], Writer]:
        site = self.site
        return lambda progress: opening(
            site.settings, site.registry, now=site.now, store=site.store, progress=progress
        )

    def _report(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        self.lines.append((level, event, dict(fields)))

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.site.clock += SECOND
            self.job.turn()

    def land(self, *objects: list[Row]) -> None:
        for rows in objects:
            self.site.land(rows)

    def rows(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        return self.job.writer.lake.query(sql, values)

    def kill(self) -> None:
        """What is in memory is gone, the locks are free, and a new program starts."""
        self.job.writer.lake.close()
        self.job = self.new_job()

    def close(self) -> None:
        self.job.close()
        self.site.registry.close()


def at(minutes: int) -> int:
    return NOON - 3 * HOUR + minutes * MINUTE


def said(message_id: str, minutes: int, user: str | None, device: str | None, **more: Any) -> Row:
    """One event; `minutes` after nine."""
    moment = at(minutes)
    return event(message_id, timestamp=moment, user_id=user, anonymous_id=device, **{"type": "page", **more})


def refused(message_id: str, raw: str, reason: str, **more: Any) -> Row:
    return event(
        message_id, verdict="rejected", reason=reason, raw=raw, anonymous_id=None, properties=None, **more
    )


def history(vault: Any) -> list[list[Row]]:
    """Objects as they landed: what Ada did, what others did on the same days, and what was refused."""
    about_ada = json.dumps({"friend": LAPTOP, "n": 4815162342})
    traits = json.dumps({"email": MAIL, "name": "Ada"})
    raw = json.dumps({"type": "track", "userId": ADA, "messageId": "r-1"})
    body = json.dumps({"batch": [{"userId": ADA}, "broken"]}).encode()
    return [
        [
            said("a-1", 0, None, LAPTOP, page_path="/"),
            said("b-1", 1, BEN, "laptop-ben-55504"),
            said("a-2", 2, ADA, LAPTOP, type="identify", traits=traits),
            said("c-1", 3, CYD, PHONE),
            said("a-3", 5, None, TABLET),
            said("a-4", 6, ADA, TABLET),
        ],
        [
            said("b-2", 90, BEN, TABLET, page_path="/ben"),
            said("c-2", 91, CYD, PHONE, properties=about_ada),
            refused("r-1", raw, "plan_violation", user_id=ADA, type="track"),
            refused("r-2", vault.seal(body), "bad_envelope"),
            refused("r-3", '{"userId": "somebody"}', "plan_violation"),
        ],
        [
            said("a-2", 2, ADA, LAPTOP, type="identify", traits=traits),
            said("c-1", 3, CYD, PHONE),
            said("b-3", 95, BEN, TABLET),
        ],
        [said("z-1", 7, ZOE, None), said("z-2", 8, ZOE, None)],
        [said("x-1", 100, ADA, "laptop-of-another-project", project="other"), said("c-3", 101, CYD, PHONE)],
    ]
