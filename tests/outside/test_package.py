"""A package from an index joins through its entry point: it imports pluggy, and nothing of ours."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
INFO = "shop_greetings-1.0.dist-info"
FILES = {
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: shop-greetings\nVersion: 1.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": "[microcoreos]\ngreetings = shop_greetings\n",
    f"{INFO}/RECORD": "",
}
MODULE = '''
    """A tool and a plugin."""

    from types import SimpleNamespace
    from typing import Protocol

    import pluggy

    hookimpl = pluggy.HookimplMarker("microcoreos")

    class Greeter(Protocol):
        """Greets."""

        def greet(self, name: str) -> str:
            """Say hello to `name`."""
            ...

    class PoliteGreeter:
        def __init__(self, environ): self.word = environ.get("GREETING", "hello")
        def greet(self, name): return f"{self.word}, {name}"

    @hookimpl
    def register_tools():
        return [SimpleNamespace(name="greeter", contract=Greeter, settings=None, factory=PoliteGreeter)]

    class Greet:
        """GET /greetings/{name}: greet."""

        def __init__(self, http, greeter): self.http, self.greeter = http, greeter

        @hookimpl
        async def on_boot(self): self.http.add_endpoint("/greetings/{name}", "GET", self.execute, public=True)

        async def execute(self, name: str) -> str: return self.greeter.greet(name)
'''
ASK = """
    import asyncio, asgi
    async def ask():
        async with asgi.running({"GREETING": "welcome", **SETTINGS}) as client:
            answer = await client.get("/greetings/ana")
            print(answer.status_code, answer.text)
    asyncio.run(ask())
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a wheel, and install it into a folder."""
    site, wheel = (
        tmp_path_factory.mktemp("site"),
        tmp_path_factory.mktemp("wheel") / "shop_greetings-1.0-py3-none-any.whl",
    )
    with ZipFile(wheel, "w") as archive:
        for name, text in {**FILES, "shop_greetings.py": dedent(MODULE)}.items():
            archive.writestr(name, text)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", site, wheel], check=True)
    return site


def asked(site: Path, settings: str = "{}") -> subprocess.CompletedProcess[str]:
    program = dedent(ASK).replace("SETTINGS", settings)
    environ = {"PYTHONPATH": f"{ROOT}:{site}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=site, env=environ, capture_output=True, text=True, timeout=60
    )


def test_an_installed_package_brings_a_tool_and_a_plugin(site: Path) -> None:
    answer = asked(site)

    assert answer.stdout == '200 "welcome, ana"\n', answer.stderr


def test_its_plugin_is_named_after_the_entry_point_and_can_be_left_out(site: Path) -> None:
    answer = asked(site, '{"PLUGINS_DISABLED": "greetings"}')

    assert answer.stdout.startswith("404 "), answer.stderr


def test_its_tool_is_named_with_the_entry_point_when_it_is_broken(site: Path) -> None:
    broken = site / "shop_greetings.py"
    text = broken.read_text()
    broken.write_text(text.replace('environ.get("GREETING", "hello")', "1 / 0"))

    answer = asked(site)

    broken.write_text(text)
    assert "greeter (entry point shop_greetings): set-up failed: ZeroDivisionError: division by zero" in answer.stderr
