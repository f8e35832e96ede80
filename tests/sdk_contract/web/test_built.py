"""What is shipped of the web SDK is what its sources give, small, typed, and ready for npm."""

import json
import os
import re
import subprocess
from gzip import compress
from pathlib import Path

import pytest

from sdk_contract.codegen import LANGUAGES, client
from sdk_contract.web import VERSION
from sdk_contract.web.snippet import STUB, snippet
from tests.sdk_contract.codegen.typed_calls import plan
from tools import build_web
from tools.build_web import DIST, ROOT, WEB

SCRIPT = DIST / f"sojourn-{VERSION}.js"
PACKAGE = json.loads((WEB / "package.json").read_text("utf-8"))
GUIDE = (ROOT / "docs" / "web-sdk.md").read_text("utf-8")
LIMIT = 5_120


@pytest.mark.node
def test_the_files_are_what_the_sources_give_and_these_have_no_error_of_types() -> None:
    for name, text in build_web.built().items():
        assert (DIST / name).read_text("utf-8") == text, "run python -m tools.build_web"
    assert build_web.stub() == STUB


def test_every_option_and_call_is_documented() -> None:
    text = (WEB / "src" / "public.ts").read_text("utf-8")
    options, calls = (
        re.findall(
            r"^  (\w+)[?(:]", text.partition(f"interface {name} {{")[2].partition("\n}")[0], re.MULTILINE
        )
        for name in ("Options", "Sojourn")
    )
    attributes = [re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name) for name in options]
    assert (len(options), len(calls)) == (16, 10)
    assert [name for name in attributes if f"`data-{name}`" not in GUIDE and name != "before"] == []
    assert [name for name in calls if f"sojourn.{name}(" not in GUIDE] == []


@pytest.mark.node
def test_a_wrong_call_does_not_compile(tmp_path: Path, node: Path) -> None:
    right = (
        'import { load } from "./index.js"; import { tracking } from "./client.js";\n'
        'const s = load({ writeKey: "k", host: "https://a" });\n'
    )
    (example,) = re.findall(r"```ts\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "guide.ts").write_text(example.replace("@sojourn/web", "./index.js"), "utf-8")
    (tmp_path / "client.ts").write_text(LANGUAGES["ts"](client(plan())), "utf-8")
    calls = [
        's.track("Paid", { total: 1 }); s.page(); s.identify(null, {}); s.consent({ a: true }); tracking(s);',
        "s.track();",
        's.consent("yes");',
        'load({ writeKey: "k" });',
        'load({ writeKey: "k", host: "h", vital: true });',
    ]
    for name in ("index.d.ts", "public.d.ts"):
        (tmp_path / name).write_text((DIST / name).read_text("utf-8"), "utf-8")
    for number, call in enumerate(calls):
        (tmp_path / f"call{number}.ts").write_text(right + call, "utf-8")
    options = [
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
    ]
    compiler = [
        str(node),
        str(build_web.PACKAGES / "typescript" / "bin" / "tsc"),
        *options,
        "--moduleResolution",
        "bundler",
    ]
    files = [str(tmp_path / "guide.ts"), *(str(tmp_path / f"call{n}.ts") for n in range(len(calls)))]
    done = subprocess.run([*compiler, *files], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "guide.ts" not in done.stdout
    wrong = set(re.findall(r"call(\d)\.ts\(3,\d+\): error", done.stdout))
    assert wrong == {"1", "2", "3", "4"}, done.stdout


@pytest.mark.node
def test_the_module_can_be_imported_where_there_is_no_page(node: Path) -> None:
    text = f"import({json.dumps((DIST / 'index.js').as_uri())}).then((all) => console.log(Object.keys(all)))"
    done = subprocess.run([str(node), "--eval", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[ 'load' ]"


def test_it_is_small_and_needs_nothing() -> None:
    assert len(compress(SCRIPT.read_bytes(), 9, mtime=0)) <= LIMIT
    assert not {"dependencies", "peerDependencies", "optionalDependencies"} & PACKAGE.keys()


@pytest.mark.parametrize("word", [r"\beval\b", r"\bFunction\(", r"\.style\b", "innerHTML", "https?://"])
def test_it_holds_to_a_strict_content_policy(word: str) -> None:
    assert not re.search(word, SCRIPT.read_text("utf-8"))


def test_the_package_names_the_files_that_are_there() -> None:
    assert PACKAGE["version"] == VERSION
    named = re.findall(r'"(\./dist/[^"]+)"', json.dumps(PACKAGE))
    assert len(set(named)) >= 3
    assert [name for name in named if not (WEB / name).exists()] == []
    assert (WEB / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.node
def test_npm_would_publish_the_built_files(node: Path) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    npm = [str(node.parent / "npm"), "pack", "--dry-run", "--json", "--offline"]
    done = subprocess.run(
        npm, cwd=WEB, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    (packed,) = json.loads(done.stdout)
    files = {file["path"] for file in packed["files"]}
    own = {f"dist/{path.name}" for path in DIST.iterdir()}
    assert files == own | {"LICENSE", "README.md", "package.json"}


def test_the_lines_of_a_page_are_filled_in_and_harmless() -> None:
    text = snippet("https://in.shop.example/", 'wk_"><b>', "/tea.js")
    assert 'src="https://in.shop.example/tea.js"' in text
    assert 'data-write-key="wk_&quot;&gt;&lt;b&gt;"' in text
