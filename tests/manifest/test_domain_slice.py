from pathlib import Path

from manifest.domain_slice import render_domain
from tests.manifest.made_up import FACTS, PLUGINS, SOURCES, plugin, project, system

USERS = """# users

- table users: id integer PK, email text UNIQUE, age integer = 0, team integer? -> teams.id, UNIQUE(age, team)

## users.create_user (domains/users/plugins/create_user.py)

POST /users: store a user.
- needs http, event_bus
- POST /users: bearer:admin -> 201
  - query notify: bool = True
  - header tenant: str
  - body NewUser {email: str (3..80)}
  - answer User {id: int}
  - 401: sign in
  - 409: a user with this email exists
- publishes user.created {id, email}; heard by mail.welcome {email: str}
- requests mail.count; heard by mail.welcome
"""

MAIL = """# mail

## mail.inbox (domains/mail/plugins/inbox.py)

- websocket /inbox: what arrives

## mail.quiet (domains/mail/plugins/quiet.py)

Do nothing.

## mail.welcome (domains/mail/plugins/welcome.py)

Write to new users.
- replies to mail.count in count; sent by users.create_user
- setting MAIL_SENDER: who writes
- hears user.created {email: str} in greet; sent by users.create_user

## mail.late (domains/mail/plugins/late.py)

- broken: on_boot failed: OSError: no post
"""


def test_a_slice_holds_what_the_index_leaves_out(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCES)

    text = render_domain(system(FACTS, PLUGINS), root, {}, "users")

    assert text == USERS


def test_a_slice_names_senders_and_what_is_broken(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCES)
    late = plugin("mail.late", state="broken", error="on_boot failed: OSError: no post")

    text = render_domain(system(FACTS, [*PLUGINS, late]), root, {}, "mail")

    assert text == MAIL


def test_an_event_without_a_counterpart_says_so(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCES)

    text = render_domain(system([], PLUGINS), root, {}, "users")

    assert "- publishes user.created {id, email}; heard by nobody here\n" in text
