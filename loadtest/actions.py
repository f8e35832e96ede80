"""`actions`: from an event to its webhook, in peace and while writer and deliverer are killed.

Each visitor does one thing that a rule waits for, so each has to be told once. The receiver answers some with
503, and sends some back as events that the rule waits for again, with the loop's mark and without.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import httpx
import msgspec

from loadtest.answering import Answering, Arrival
from loadtest.errors import GaveUp
from loadtest.house import House
from loadtest.processes import role, run, sojourn, wait_until

EVENT: Final = "Checkout Started"
RULES: Final = """
destinations:
  hook: {{kind: webhook, url: '{url}/h', secret: hook}}
actions:
  checkout: {{when: {{did: {event}}}, to: hook, cap_all: 1 per 7d, cap: 1 per 7d}}
"""
TOLD: Final = "SELECT DISTINCT user_id FROM events WHERE event = 'action_sent'"
KILLED: Final = ("sessionize", "deliver")
EVERY_S: Final = 0.25
BATCH: Final = 5
BACK: Final = 10  # one visitor in so many is sent back
GRACE_S: Final = 240.0
UP_S: Final = 90.0
Clock = Callable[[], int]
Report = Callable[[str], None]


class Acted(msgspec.Struct, frozen=True):
    """What the command prints. `p50_s`, `p99_s`: seconds from the 200 to the webhook, in peace. Of the
    `visitors`, `lost` were never told, `doubled` under more than one key; `repeated` webhooks came again
    under theirs, after a kill. `sent_back` led to events that the rule waits for; `refused`: answered 503.
    `untold`: visitors on whose timeline no action stands.
    """

    visitors: int
    p50_s: float | None
    p99_s: float | None
    lost: int
    doubled: int
    repeated: int
    untold: int
    sent_back: int
    refused: int
    kills: int
    difference: int

    @property
    def held(self) -> bool:
        fast = self.p99_s is not None and self.p99_s <= 30
        return fast and self.lost == self.doubled == self.untold == self.difference == 0 and self.kills > 0


def actions(seconds: float, kills: int, seed: int, clock: Clock, report: Report) -> Acted:
    """So many seconds of visitors in peace, then so many kills of each program among others."""
    with tempfile.TemporaryDirectory(prefix="loadtest-actions-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        back: SimpleQueue[tuple[str, str]] = SimpleQueue()
        with closing(Answering(clock, seed, lambda user, key: back.put((user, key)))) as receiver:
            house = House(data, workers=1, variables={"SOJOURN_ACTION_HOSTS": "127.0.0.1"})
            with house:
                return _Visit(house, receiver, back, clock, report).run(seconds, kills)


class _Visit:
    """Visitors of one house, and what came of them."""

    def __init__(
        self,
        house: House,
        receiver: Answering,
        back: SimpleQueue[tuple[str, str]],
        clock: Clock,
        report: Report,
    ) -> None:
        self.house, self.receiver, self.back = house, receiver, back
        self.clock, self.report = clock, report
        self.acked: dict[str, int] = {}
        self.sent_back = self.kills = 0
        self._http = httpx.Client(base_url=house.url, trust_env=False, timeout=10.0)

    def run(self, seconds: float, kills: int) -> Acted:
        wait_until("the door to answer", self._answers, UP_S)
        self._key = self.house.write_key()
        self._publish()
        with closing(self._http):
            self._visitors(seconds)
            peaceful = set(self.acked)
            self._settle()
            self.report(f"{len(peaceful)} visitors in peace")
            for number in range(kills):
                self._visitors(2.0)
                self._kill(KILLED[number % len(KILLED)])
                self._visitors(3.0)
            self._settle()
            self._visitors(0.0)
            time.sleep(15.0)  # what a loop would do, it has done by then
            return self._told(peaceful)

    def _answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return self._http.get("/health").status_code == 200
        return False

    def _publish(self) -> None:
        """A key gives the rules their project."""
        file = self.house.data.with_name("actions.yaml")
        file.write_text(RULES.format(url=self.receiver.url, event=EVENT), "utf-8")
        run(sojourn("action", "secret", "hook", "--make"), self.house.variables)
        run(sojourn("action", "publish", str(file), "--json"), self.house.variables)

    def _visitors(self, seconds: float) -> None:
        """Some every quarter of a second, and those that are sent back."""
        until = time.monotonic() + seconds
        while True:
            self._send_back()
            if time.monotonic() >= until:
                return
            users = [f"u-{len(self.acked) + number}" for number in range(BATCH)]
            self._post([_event(user) for user in users])
            self.acked |= dict.fromkeys(users, self.clock())
            time.sleep(EVERY_S)

    def _send_back(self) -> None:
        """With the mark of the loop, and without, by turns."""
        while not self.back.empty():
            user, key = self.back.get()
            number = int(user.removeprefix("u-"))
            if number % BACK == 0:
                self.sent_back += 1
                marked = {"sojourn_action": key} if number % (2 * BACK) else {}
                self._post([_event(user, **marked)])

    def _post(self, events: list[dict[str, object]]) -> None:
        """Until the door has taken them."""
        body, auth = msgspec.json.encode({"batch": events}), (self._key, "")
        for _ in range(100):
            with suppress(httpx.HTTPError):
                if self._http.post("/v1/batch", content=body, auth=auth).status_code == 200:
                    return
            time.sleep(0.2)
        raise GaveUp("the door did not take a visitor's event within 20 s")

    def _kill(self, name: str) -> None:
        for process in self.house.all():
            if role(process) == name:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                    self.kills += 1

    def _settle(self) -> None:
        """Until everybody was told, or the grace is over."""

        def told() -> bool:
            self._send_back()
            return set(self.acked) <= {one.user for one in list(self.receiver.arrivals)}

        with suppress(GaveUp):
            wait_until("every visitor to be told of", told, GRACE_S, every_s=0.5)

    def _told(self, peaceful: set[str]) -> Acted:
        arrivals: dict[str, list[Arrival]] = defaultdict(list)
        for one in list(self.receiver.arrivals):
            arrivals[one.user].append(one)
        waits = sorted((arrivals[user][0].at - self.acked[user]) / 1e6 for user in peaceful if arrivals[user])
        books = self.house.settle(60.0)
        with self.house.lake() as lake:
            told = {user for (user,) in lake.query(TOLD)}
        return Acted(
            visitors=len(self.acked),
            p50_s=_share(waits, 0.5),
            p99_s=_share(waits, 0.99),
            lost=sum(not arrivals[user] for user in self.acked),
            doubled=sum(len({one.key for one in some}) > 1 for some in arrivals.values()),
            repeated=sum(len(some) - len({one.key for one in some}) for some in arrivals.values()),
            untold=len(self.acked.keys() - told),
            sent_back=self.sent_back,
            refused=self.receiver.refused,
            kills=self.kills,
            difference=books.difference,
        )


def _event(user: str, **properties: str) -> dict[str, object]:
    return {"type": "track", "event": EVENT, "userId": user, "properties": properties}


def _share(waits: list[float], share: float) -> float | None:
    return round(waits[min(int(len(waits) * share), len(waits) - 1)], 2) if waits else None
