"""What the documentation tells users to type does what it says, on the running program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import Running

pytestmark = pytest.mark.xdist_group("up")

ROOT = Path(__file__).resolve().parent.parent.parent
COLLECTOR = "http://127.0.0.1:8000"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def marked(page: str) -> dict[str, str]:
    """The shell blocks of a page that say `<!-- run: name -->`, by name."""
    text = (ROOT / page).read_text("utf-8")
    return dict(re.findall(r"<!-- run: (\w+) -->\n```sh\n(.*?)```", text, re.DOTALL))


class Terminal:
    """A user's terminal: the command is on the path, the folder and the key are known."""

    def __init__(self, running: Running) -> None:
        self.running = running
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        own = {"PATH": path, "SOJOURN_DATA": str(running.data), "WRITE_KEY": running.write_key}
        self.environ = {**os.environ, **own}

    def type(self, text: str, program: tuple[str, ...] = ("bash", "-euc")) -> str:
        text = text.replace(COLLECTOR, self.running.collector).replace(
            "YOUR WRITE KEY", self.running.write_key
        )
        done = subprocess.run(
            [*program, text],
            cwd=self.running.data.parent,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def terminal(running: Running) -> Terminal:
    return Terminal(running)


def test_the_quickstart(terminal: Terminal, running: Running) -> None:
    steps = marked("docs/quickstart.md")
    assert "wk_" in terminal.type(steps["key"])
    (answer,) = blocks("docs/quickstart.md", "json")
    assert json.loads(terminal.type(steps["send"])) == json.loads(answer)
    (refused,) = json.loads(terminal.type(steps["refused"]))["verdicts"]
    assert (refused["verdict"], refused["pointer"]) == ("rejected", "/userId")
    running.rows(["first-1"])
    assert "129.5" in terminal.type(steps["sql"])
    running.timeline("mei", ["first-1"])
    assert "Product Viewed" in terminal.type(steps["timeline"])
    head, *_, counts = terminal.type(steps["check"]).splitlines()
    assert (head.split()[-1], counts.split()[-1]) == ("difference", "0")


def test_the_readme(terminal: Terminal) -> None:
    (python,) = blocks("README.md", "python")
    terminal.type(python, (sys.executable, "-c"))
    (curl,) = (block for block in blocks("README.md", "sh") if block.startswith("curl"))
    assert json.loads(terminal.type(curl))["accepted"] == 1


def test_the_python_lines_of_the_sdk_page(terminal: Terminal) -> None:
    (python,) = blocks("docs/sdks.md", "python")
    terminal.type(python, (sys.executable, "-c"))


@pytest.mark.node
def test_the_node_lines_of_the_sdk_page(terminal: Terminal, node: Path, running: Running) -> None:
    (script,) = (block for block in blocks("docs/sdks.md", "js") if block.startswith("import"))
    packages = running.data.parent / "node_modules"
    if not packages.exists():
        packages.symlink_to(ROOT / "tests" / "e2e" / "node" / "node_modules")
    terminal.type(script, (str(node), "--input-type=module", "--eval"))


def test_landing_is_read_as_the_query_page_says(terminal: Terminal, running: Running) -> None:
    event = {"event": "Landed", "anonymousId": "d-3", "messageId": "landed-1"}
    httpx.post(f"{running.collector}/v1/track", json=event, auth=(running.write_key, "")).raise_for_status()
    running.rows(["landed-1"])
    (python,) = blocks("docs/query.md", "python")
    assert "track" in terminal.type(python, (sys.executable, "-c"))


def test_the_lines_that_up_prints(terminal: Terminal, running: Running) -> None:
    assert json.loads(terminal.type(running.welcome["curl"]))["accepted"] == 1
    terminal.type(running.welcome["python"], (sys.executable, "-c"))
