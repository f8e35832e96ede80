"""What is vendored is what its publisher released, and carries its version and its licence."""

import hashlib

import pytest

from warehouse.console.render import HERE, STATIC

ECHARTS = "echarts-6.1.0.min.js"
VENDORED = {
    "htmx-4.0.1.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse-4.0.1.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
}


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_files_are_as_released(name: str) -> None:
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == VENDORED[name]
    assert f"/static/{name}" in (HERE / "templates" / "base.html").read_text()


def test_every_script_is_ours_or_vendored_with_its_licence() -> None:
    scripts = {path.name for path in STATIC.glob("*.js")}
    assert scripts == {*VENDORED, ECHARTS, "console.js", "charts.js", "sql.js", "boards.js"}
    released = hashlib.sha256((STATIC / ECHARTS).read_bytes()).hexdigest()
    assert released == "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
    assert "Apache License" in (STATIC / "echarts-6.1.0.LICENSE.txt").read_text("utf-8")
    assert "Zero-Clause BSD" in (STATIC / "htmx-4.0.1.LICENSE.txt").read_text("utf-8")
