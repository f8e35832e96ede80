"""Typed clients against real compilers: right calls compile, wrong ones do not, and the collector agrees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk_contract.codegen import LANGUAGES, client
from sdk_contract.plan import CompiledPlan, compile
from tests.collector.running import running
from tests.sdk_contract.codegen.typed_calls import RIGHT, WRONG, TypedCall, plan
from warehouse.cli.plan_types import types

PACKAGES = Path(__file__).parent / "node" / "node_modules"
STRICT = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmit"]
TARGET = ["--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext"]
CALLS = [*RIGHT, *WRONG]
LINE = 3


@pytest.fixture(scope="module")
def rules() -> CompiledPlan:
    return compile(plan())


def errors(node: Path, folder: Path, files: list[Path], *more: str) -> dict[str, set[int]]:
    """File name -> lines with an error, as tsc says."""
    compiler = [str(node), str(PACKAGES / "typescript" / "bin" / "tsc"), *STRICT, *TARGET, *more]
    done = subprocess.run(
        [*compiler, *map(str, files)], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    found: dict[str, set[int]] = {}
    for name, line in re.findall(r"^(?:.*/)?([^/(\n]+)\((\d+),\d+\): error", done.stdout, re.MULTILINE):
        found.setdefault(name, set()).add(int(line))
    assert bool(found) == bool(done.returncode), done.stdout + done.stderr
    return found


def typescript(call: TypedCall) -> str:
    first = f"{json.dumps(call.first)}, " if call.first else ""
    head = 'import { tracking, type Analytics } from "./client.js";\ndeclare const analytics: Analytics;\n'
    return f"{head}tracking(analytics).{call.function}({first}{call.given});\n"


def python(call: TypedCall) -> str:
    given = call.given.replace("true", "True").replace("false", "False").replace("null", "None")
    return f"tracking.{call.python}({given})"


def collected(rules: CompiledPlan, call: TypedCall) -> bool:
    return rules.check(call.type, call.event or None, call.given.encode()) is None


def test_there_are_twenty_of_each_and_all_differ() -> None:
    assert len(RIGHT) == len(WRONG) == 20
    assert len({(call.function, call.given) for call in CALLS}) == 40


@pytest.mark.node
def test_the_compiler_and_the_collector_agree_on_all_forty(
    node: Path, tmp_path: Path, rules: CompiledPlan
) -> None:
    (tmp_path / "client.ts").write_text(LANGUAGES["ts"](client(plan())), "utf-8")
    files = [tmp_path / f"call{number:02}.ts" for number in range(len(CALLS))]
    for path, call in zip(files, CALLS, strict=True):
        path.write_text(typescript(call), "utf-8")
    found = errors(node, tmp_path, files)
    assert found == {path.name: {LINE} for path in files[len(RIGHT) :]}
    assert [collected(rules, call) for call in CALLS] == [True] * 20 + [False] * 20


def test_the_running_collector_says_the_same_as_the_plan(tmp_path: Path) -> None:
    events = [
        {
            "type": call.type,
            **{"track": {"event": call.event}, "page": {"name": call.event}}.get(call.type, {}),
            "userId": "u-1",
            "traits" if call.type == "identify" else "properties": json.loads(call.given),
        }
        for call in CALLS
    ]
    with running(tmp_path, plan_mode="enforce", plan=plan()) as door:
        answer = door.client.post("/v1/validate", json={"batch": events}).json()
        assert answer["stored"] is False
        assert door.records() == []
    verdicts = [(one["verdict"], one.get("reason")) for one in answer["verdicts"]]
    assert verdicts == [("ok", None)] * 20 + [("rejected", "plan_violation")] * 20


@pytest.mark.node
def test_the_client_compiles_in_every_mode_and_takes_segments_sdk(node: Path, tmp_path: Path) -> None:
    (tmp_path / "client.ts").write_text(LANGUAGES["ts"](client(plan())), "utf-8")
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    server = tmp_path / "server.ts"
    server.write_text(
        'import { Analytics } from "@segment/analytics-node";\n'
        'import { onServer, tracking } from "./client.js";\n'
        'const sdk = new Analytics({ writeKey: "wk" });\n'
        'tracking(onServer(sdk, { userId: "u" })).searched({ query: "tea" });\n'
        'tracking(onServer(sdk, {})).searched({ query: "tea" });\n'
    )
    # The SDK speaks of fetch and of Node's own types, which are the user's to bring.
    found = errors(node, tmp_path, [server], "--skipLibCheck", "--lib", "es2022,dom")
    assert found == {"server.ts": {5}}
    modern = [
        "--skipLibCheck",
        "--isolatedModules",
        "--verbatimModuleSyntax",
        "--erasableSyntaxOnly",
        "--noUnusedLocals",
    ]
    assert errors(node, tmp_path, [tmp_path / "client.ts"], *modern) == {}


@pytest.mark.node
def test_the_client_of_the_demo_shop_compiles(node: Path, tmp_path: Path) -> None:
    folder = Path(__file__).resolve().parents[2] / "loadtest" / "plan"
    given = [str(folder), "--lang", "ts", "--out", str(tmp_path / "shop.ts")]
    told = CliRunner().invoke(types, given)
    assert told.exit_code == 0, told.output
    assert errors(node, tmp_path, [tmp_path / "shop.ts"]) == {}


def test_mypy_and_the_collector_agree_on_all_forty(tmp_path: Path, rules: CompiledPlan) -> None:
    (tmp_path / "client.py").write_text(LANGUAGES["python"](client(plan())), "utf-8")
    head = [
        "from segment.analytics.client import Client",
        "from client import Tracking",
        'tracking = Tracking(Client("wk"), user_id="u")',
    ]
    (tmp_path / "calls.py").write_text("\n".join([*head, *map(python, CALLS)]) + "\n", "utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-segment.*]\nignore_missing_imports = True\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", "calls.py", "client.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    wrong = {int(line) for line in re.findall(r"^calls\.py:(\d+): error", done.stdout, re.MULTILINE)}
    first = len(head) + 1 + len(RIGHT)
    assert wrong == set(range(first, first + len(WRONG))), done.stdout
    assert "client.py:" not in done.stdout
