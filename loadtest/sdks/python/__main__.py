"""Sends what stands on standard input with Python's SDKs, all at once; says on stdout how each ended."""

import json
import sys
from contextlib import suppress
from importlib import import_module
from threading import Thread
from traceback import format_exc
from typing import Any


def send(target: dict[str, Any], ends: list[dict[str, Any]]) -> None:
    """One target: {"sdk", "host", "key", "said"}; what its sender raises is told."""
    end: dict[str, Any] = {"sdk": target["sdk"], "host": target["host"], "error": None}
    try:
        sender = import_module(f"loadtest.sdks.python.{target['sdk']}")
        sender.send(target["host"], target["key"], target["said"])
    except Exception:  # an SDK may raise anything; it is told as the end of that SDK alone
        end["error"] = format_exc().splitlines()[-1]
    ends.append(end)


def main() -> None:
    ends: list[dict[str, Any]] = []
    targets = json.load(sys.stdin)
    for name in {target["sdk"] for target in targets}:
        with suppress(Exception):  # its thread tells; threads that import the same at once meet half of it
            import_module(f"loadtest.sdks.python.{name}")
    threads = [Thread(target=send, args=(target, ends)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(ends), flush=True)


main()
