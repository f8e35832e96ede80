"""The import law: which package may know which other. An arrow that is turned round fails here.

Every import counts, at the top of a file or inside a function; only those under TYPE_CHECKING do not run.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("collector", "loadtest", "sdk_contract", "sessionizer", "warehouse")

# Who may import whom; the longest name that fits a module decides.
LAW: dict[str, tuple[str, ...]] = {
    "sdk_contract": (),
    "warehouse": ("sdk_contract",),
    "collector": (
        "sdk_contract",
        "warehouse.behind",
        "warehouse.counted",
        "warehouse.enrich",
        "warehouse.errors",
        "warehouse.landing",
        "warehouse.logs",
        "warehouse.protect",
        "warehouse.registry",
        "warehouse.rows",
        "warehouse.rules",
        "warehouse.secrets",
        "warehouse.segments",
        "warehouse.settings",
        "warehouse.tls",
        "warehouse.tails",
    ),
    "sessionizer": ("sdk_contract", "warehouse"),
    "loadtest": ("sdk_contract", "warehouse"),
    # Measures a function over arrays, for which there is no program to start.
    "loadtest.linked": ("sdk_contract", "warehouse", "sessionizer.identity"),
    # What the sessionizer costs is measured step by step, by its own functions.
    "loadtest.stitching": ("sdk_contract", "sessionizer", "warehouse"),
    # What makes and sends the traffic must not see what became of it.
    "loadtest.traffic": ("sdk_contract",),
    "loadtest.drive": ("sdk_contract",),
}

# What must not be reached from a module, over however many imports of ours.
UNREACHABLE = (
    ("collector", "duckdb"),
    ("loadtest.traffic", "warehouse"),
    ("loadtest.drive", "warehouse"),
)

PURE_THIRD_PARTY = {"msgspec"}
# Reading a tracking plan, saying on which line of it a mistake stands, and finding addresses in linear time.
PLAN_THIRD_PARTY = {
    "sdk_contract.address_spans": {"re2"},
    "sdk_contract.bodies": {"brotli", "zstandard"},
    "sdk_contract.cleaning": {"email_validator", "phonenumbers"},
    "sdk_contract.plan": {"jsonschema_rs", "yaml"},
    "sdk_contract.privacy": {"cryptography", "re2"},
    "sdk_contract.yaml_places": {"yaml"},
}
# The modules of the standard library by which a pure function would meet the world, its clock or its dice.
WORLDLY = {
    "asyncio", "concurrent", "ctypes", "fcntl", "getpass", "glob", "http", "importlib", "logging", "mmap",
    "multiprocessing", "os", "pathlib", "platform", "random", "secrets", "select", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
WORLDLY_CALLS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "open", "print"} | {
    f"uuid.{name}" for name in ("uuid1", "uuid4")
}

Tree = dict[str, ast.Module]


def read_tree(root: Path) -> Tree:
    """Every module below the packages, by its dotted name."""
    return {
        module_name(path.relative_to(root)): ast.parse(path.read_bytes(), str(path))
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: Tree, module: str) -> set[str]:
    """What a module imports when it runs, as dotted names; a module of ours by its own name."""
    found: set[str] = set()
    for node in running_nodes(tree[module]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_base(tree, module, node)
            found.update(imported_from(tree, base, node))
    return found


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield other
                yield from running_nodes(other)
            continue
        yield child
        yield from running_nodes(child)


def absolute_base(tree: Tree, module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = any(other.startswith(f"{module}.") for other in tree)
    parents = module.split(".") if is_package else module.split(".")[:-1]
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def imported_from(tree: Tree, base: str, node: ast.ImportFrom) -> Iterator[str]:
    for alias in node.names:
        submodule = f"{base}.{alias.name}"
        yield submodule if submodule in tree else base


def is_within(name: str, ancestor: str) -> bool:
    return name == ancestor or name.startswith(f"{ancestor}.")


def owner(module: str) -> str:
    return max((name for name in LAW if is_within(module, name)), key=len)


def broken_arrows(tree: Tree) -> list[str]:
    """Every import of one of our packages by another that the law does not allow."""
    return [
        f"{module} imports {imported}"
        for module in tree
        for imported in sorted(imports(tree, module))
        if imported.split(".")[0] in PACKAGES
        and imported.split(".")[0] != module.split(".")[0]
        and not any(is_within(imported, allowed) for allowed in LAW[owner(module)])
    ]


def paths_to(tree: Tree, start: str, goal: str) -> list[str]:
    """The first chain of imports from each module of `start` that ends in `goal`."""
    chains = (chain(tree, module, goal) for module in tree if is_within(module, start))
    return [" -> ".join(found) for found in chains if found]


def chain(tree: Tree, module: str, goal: str) -> list[str]:
    seen, waiting = {module}, [[module]]
    while waiting:
        path = waiting.pop(0)
        for name in sorted(executed(tree, path[-1])):
            if is_within(name, goal):
                return [*path, name]
            if name in tree and name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


def executed(tree: Tree, module: str) -> set[str]:
    """What a module imports, and the packages around it, which run first."""
    names = imports(tree, module)
    around = {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 1)}
    return names | (around & tree.keys())


def impurities(tree: Tree) -> list[str]:
    """What sdk_contract imports or calls that a pure package must not."""
    modules = [module for module in tree if is_within(module, "sdk_contract")]
    worldly = [
        f"{module} imports {name}"
        for module in modules
        for name in sorted(imports(tree, module))
        if any(is_within(name, world) for world in WORLDLY)
    ]
    calls = [f"{module} calls {call}" for module in modules for call in worldly_calls(tree[module])]
    return [*worldly, *calls]


def worldly_calls(module: ast.Module) -> list[str]:
    called = (ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call))
    bare = {call.split(".", 1)[1] for call in WORLDLY_CALLS if call.startswith("uuid.")}
    return [
        call for call in called if call in bare or any(f".{call}".endswith(f".{w}") for w in WORLDLY_CALLS)
    ]


def foreign_libraries(tree: Tree, standard: frozenset[str]) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in tree
        if is_within(module, "sdk_contract")
        for name in sorted(imports(tree, module))
        if (top := name.split(".")[0]) not in standard | PURE_THIRD_PARTY | {"sdk_contract"}
        and top not in plan_libraries(module)
        and top not in PACKAGES
    ]


def plan_libraries(module: str) -> set[str]:
    return {name for at, names in PLAN_THIRD_PARTY.items() if is_within(module, at) for name in names}


@pytest.fixture(scope="module")
def ours() -> Tree:
    return read_tree(ROOT)


def test_arrows_between_packages(ours: Tree) -> None:
    assert broken_arrows(ours) == []


@pytest.mark.parametrize(("start", "goal"), UNREACHABLE)
def test_nothing_leads_there(ours: Tree, start: str, goal: str) -> None:
    assert paths_to(ours, start, goal) == []


def test_sdk_contract_is_pure(ours: Tree) -> None:
    assert impurities(ours) == []


def test_sdk_contract_needs_only_msgspec(ours: Tree) -> None:
    assert foreign_libraries(ours, sys.stdlib_module_names) == []


def sample(folder: Path, files: dict[str, str]) -> Tree:
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_tree(folder)


LAWFUL = {
    "warehouse/lake.py": "import duckdb\nfrom sdk_contract import events\n",
    "warehouse/landing.py": "from . import keys\n",
    "warehouse/keys.py": "import pyarrow\n",
    "collector/sink.py": "from warehouse.landing import write\nfrom warehouse import landing\n",
    "sessionizer/job.py": "import warehouse.lake\n",
    "sdk_contract/events.py": "import msgspec\nfrom .verdicts import Reason\n",
    "sdk_contract/verdicts.py": "import enum\n",
    "sdk_contract/plan.py": "import yaml, jsonschema_rs\n",
}


def test_a_lawful_tree_passes(tmp_path: Path) -> None:
    tree = sample(tmp_path, LAWFUL)
    assert broken_arrows(tree) + impurities(tree) + foreign_libraries(tree, sys.stdlib_module_names) == []
    assert [chain for start, goal in UNREACHABLE for chain in paths_to(tree, start, goal)] == []


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("sdk_contract/x.py", "import warehouse.landing", "sdk_contract.x imports warehouse.landing"),
        ("warehouse/x.py", "from collector.journal import scan", "warehouse.x imports collector.journal"),
        ("warehouse/x.py", "def f():\n    import sessionizer.job", "warehouse.x imports sessionizer.job"),
        ("collector/x.py", "from warehouse import lake", "collector.x imports warehouse.lake"),
        ("collector/x.py", "import warehouse", "collector.x imports warehouse"),
        ("sessionizer/x.py", "import collector", "sessionizer.x imports collector"),
        ("loadtest/x.py", "from collector.app import app", "loadtest.x imports collector.app"),
        ("loadtest/drive.py", "import warehouse.lake", "loadtest.drive imports warehouse.lake"),
        ("loadtest/traffic/x.py", "import warehouse.lake", "loadtest.traffic.x imports warehouse.lake"),
    ],
)
def test_an_arrow_turned_round_fails(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    assert broken_arrows(sample(tmp_path, {**LAWFUL, path: text})) == [complaint]


def test_types_alone_are_no_arrow(tmp_path: Path) -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import collector\nelse:\n    import json\n"
    )
    assert broken_arrows(sample(tmp_path, {"warehouse/x.py": text})) == []


def test_duckdb_behind_two_doors_is_found(tmp_path: Path) -> None:
    tree = sample(tmp_path, {**LAWFUL, "warehouse/keys.py": "def late():\n    from warehouse import lake\n"})
    assert paths_to(tree, "collector", "duckdb") == [
        "collector.sink -> warehouse.landing -> warehouse.keys -> warehouse.lake -> duckdb"
    ]


def test_duckdb_in_the_package_itself_is_found(tmp_path: Path) -> None:
    tree = sample(tmp_path, {**LAWFUL, "warehouse/__init__.py": "import duckdb\n"})
    assert paths_to(tree, "collector", "duckdb") == ["collector.sink -> warehouse -> duckdb"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("import os", "sdk_contract.x imports os"),
        ("from urllib.request import urlopen", "sdk_contract.x imports urllib.request"),
        ("from datetime import datetime\nNOW = datetime.now()", "sdk_contract.x calls datetime.now"),
        ("import datetime\nNOW = datetime.datetime.now()", "sdk_contract.x calls datetime.datetime.now"),
        ("from uuid import uuid4\nID = uuid4()", "sdk_contract.x calls uuid4"),
        ("TEXT = open('x').read()", "sdk_contract.x calls open"),
    ],
)
def test_a_worldly_contract_fails(tmp_path: Path, text: str, complaint: str) -> None:
    assert impurities(sample(tmp_path, {"sdk_contract/x.py": text})) == [complaint]


def test_a_library_in_the_contract_fails(tmp_path: Path) -> None:
    tree = sample(tmp_path, {"sdk_contract/x.py": "import httpx, yaml"})
    assert foreign_libraries(tree, sys.stdlib_module_names) == [
        "sdk_contract.x imports httpx",
        "sdk_contract.x imports yaml",
    ]
