"""Builds the web SDK from its TypeScript: `python -m tools.build_web` writes sdk_contract/web/dist.

Needs the packages of tests/e2e/node (`make test-install`). The same sources give the same bytes.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sdk_contract.web import VERSION

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "sdk_contract" / "web"
DIST = WEB / "dist"
PACKAGES = ROOT / "tests" / "e2e" / "node" / "node_modules"
SHARED = ("--target=es2018", "--log-level=warning", "--charset=utf8")
BUNDLED = (*SHARED, "--bundle", f'--define:VERSION="{VERSION}"')


def node(program: str, *arguments: str) -> str:
    """What a program of the npm packages prints; CalledProcessError where it fails."""
    command = [str(Path(sys.executable).parent / "node"), str(PACKAGES / program), *arguments]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done.stdout


def esbuild(*arguments: str) -> str:
    return node("esbuild/bin/esbuild", *arguments)


def script() -> str:
    """The SDK as one script for pages."""
    return esbuild("src/script.ts", *BUNDLED, "--minify", "--format=iife")


def module() -> str:
    """The SDK as a module for bundlers."""
    return esbuild("src/index.ts", *BUNDLED, "--format=esm")


def stub() -> str:
    """The lines that stand in a page before the SDK has come."""
    text = esbuild("src/stub.ts", *SHARED, "--minify", "--tsconfig-raw={}")
    return text.strip()


def types() -> dict[str, str]:
    """The declarations that are published, by file name; CalledProcessError where a type is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        node("typescript/bin/tsc", "--project", ".", "--outDir", folder)
        return {name: (Path(folder) / name).read_text("utf-8") for name in ("index.d.ts", "public.d.ts")}


def built() -> dict[str, str]:
    """Every file of `dist` that this version has, by name."""
    return {f"sojourn-{VERSION}.js": script(), "index.js": module(), **types()}


if __name__ == "__main__":
    os.makedirs(DIST, exist_ok=True)
    for name, text in built().items():
        (DIST / name).write_text(text, "utf-8")
    print(stub())
