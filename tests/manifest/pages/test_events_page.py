from pathlib import Path

from hookspecs import Fact
from manifest.pages.events import render_events
from tests.manifest.made_up import FACTS, PLUGINS, SOURCES, plugin, project, system

PAGE = """# Events

event_bus runs on memory: in memory

- user.created
  - published by users.create_user {id, email}
  - heard by mail.welcome {email: str} in group mail.welcome.greet
- mail.count (request)
  - asked by users.create_user
  - answered by mail.welcome
"""
GROUPED = [
    fact._replace(data={**fact.data, "group": "mail.welcome.greet"}) if fact.kind == "subscription" else fact
    for fact in FACTS
]


def test_events_have_senders_hearers_fields_and_groups(tmp_path: Path) -> None:
    text = render_events(system(GROUPED, PLUGINS), project(tmp_path, SOURCES))

    assert text == PAGE


def test_what_has_no_other_side_or_no_name_says_so(tmp_path: Path) -> None:
    source = (
        "async def f(self, name):\n    await self.bus.publish(name, {})\n    await self.bus.publish('a.sent', {})\n"
    )
    root = project(tmp_path, {"domains/users/plugins/send.py": source})
    heard = Fact("subscription", "users.send", "b.heard", data={"payload": {}})

    text = render_events(system([heard], [plugin("users.send")]), root)

    assert text.splitlines()[2:] == [
        "- made at run time",
        "  - published by users.send",
        "- a.sent",
        "  - published by users.send",
        "  - heard by nobody here",
        "- b.heard",
        "  - published by nobody here",
        "  - heard by users.send",
    ]


def test_an_app_without_events_says_so(tmp_path: Path) -> None:
    assert render_events(system(), tmp_path) == "# Events\n\nNobody sends or hears any.\n"
