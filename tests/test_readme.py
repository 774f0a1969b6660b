"""README is true: its plugin boots and serves as it says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SESSION = """
import asyncio, json, asgi

ANA = {"name": "Ana", "email": "ana@example.com", "password": "correct horse"}

async def main():
    async with asgi.running() as client:
        refused = await client.post("/notes", json={"title": "x"})
        await client.post("/users", json=ANA)
        login = await client.post("/auth/login", json={"email": ANA["email"], "password": ANA["password"]})
        headers = {"authorization": "Bearer " + login.json()["access_token"]}
        invalid = await client.post("/notes", json={"title": ""}, headers=headers)
        made = await client.post("/notes", json={"title": "milk"}, headers=headers)
        document = (await client.get("/openapi.json")).json()
    print(json.dumps({
        "refused": refused.status_code,
        "pointer": invalid.json()["errors"][0]["pointer"],
        "made": [made.status_code, made.json()],
        "documented": "/notes" in document["paths"],
    }))

asyncio.run(main())
"""


@pytest.mark.slow
def test_the_plugin_in_the_readme_boots_and_serves_as_the_readme_says(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for name in ("asgi.py", "hookspecs.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("kernel", "tools", "domains", "manifest"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "domains/notes/plugins").mkdir(parents=True)
    (tmp_path / "domains/notes/plugins/add_note.py").write_text(code)

    done = subprocess.run([sys.executable, "-c", SESSION], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(
        '{"refused": 401, "pointer": "/title", "made": [201, {"id": 1, "title": "milk"}], "documented": true}'
    )


def test_every_path_that_the_readme_and_the_guide_name_is_there() -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())

        missing = [path for path in named if not (ROOT / path).exists()]

        assert missing == []
