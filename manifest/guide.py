"""What an author cannot guess, and one complete plugin; a test boots it as it stands."""

GUIDE = """
# How to add a feature

One file `domains/<domain>/plugins/<feature>.py`, one class, restart. Constructor parameters are tools, by name.

- Write `async def`: a `def` runs in a bounded pool and is answered 503 beyond it.
- A handler's parameters: path placeholders by name, a Struct = JSON body, scalars = query, `context` = the request.
  What its return annotation declares is answered, nothing else.
- Each endpoint has `guard=` or `public=True`. Refuse by `raise hookspecs.Refusal(status, detail)`; errors of
  tools answer by themselves: catch none.
- Import no other plugin or domain: hear its events. Tables: as here, or `domains/<domain>/migrations/NNN_name.sql`.
- More: `python -m manifest show --task "<words>"`, `show <domain>`, `tools <name>`, `new plugin <domain>/<feature>`.
"""

TOOLS = """
## Tools

`x?` and all after `*` may be left out; times are seconds; the names in brackets are in `tools.<tool>.contract`.
"""

EXAMPLE = '''
from typing import Annotated
from msgspec import Meta, Struct
from hookspecs import hookimpl
from tools.db.contract import Migration, UniqueError

class NewNote(Struct, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=80)]

class Note(Struct):
    id: int
    title: str

class AddNote:
    """POST /notes: store a note, publish `note.added`."""
    def __init__(self, http, db, event_bus, auth):
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth
    @hookimpl
    def register_migrations(self):
        return [Migration("001_notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)")]
    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/notes", "POST", self.execute, status=201, guard=self.auth.require(),
                               errors={UniqueError: (409, "this title is taken", "/title")})
    async def execute(self, new: NewNote) -> Note:
        async with self.db.transaction():
            note = await self.db.query_one("INSERT INTO notes (title) VALUES (?) RETURNING *", (new.title,), into=Note)
            await self.bus.publish("note.added", note)
        return note
'''
