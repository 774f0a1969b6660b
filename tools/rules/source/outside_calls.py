"""Calls that reach outside of the process and block: what none may do at import, and none in an `async def`."""

import ast

from tools.rules.source.names import Names

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
RUNNERS = ("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput")
KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "files": {
        "": ("open",),
        "io": ("open",),
        "os": ("open", "mkdir", "makedirs", "remove", "unlink", "rename", "replace", "rmdir", "removedirs"),
        "shutil": ("copy", "copy2", "copyfile", "copytree", "move", "rmtree"),
        "tempfile": ("mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile"),
    },
    "network": {
        "urllib.request": ("urlopen", "urlretrieve"),
        "socket": ("socket", "create_connection", "create_server", "getaddrinfo", "gethostbyname"),
        "smtplib": ("SMTP", "SMTP_SSL"),
        "ftplib": ("FTP", "FTP_TLS"),
        "requests": VERBS,
        "httpx": VERBS,
    },
    "process": {"os": ("system", "popen"), "subprocess": RUNNERS},
    "database": dict.fromkeys(("sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb"), ("connect",)),
    "waiting": {"": ("input",), "time": ("sleep",), "getpass": ("getpass",), "asyncio": ("run",)},
    "hashing": {"hashlib": ("pbkdf2_hmac", "scrypt"), "bcrypt": ("hashpw", "checkpw")},
}
KIND_OF = {f"{module}.{name}".lstrip("."): kind
           for kind, modules in KINDS.items() for module, names in modules.items() for name in names}  # fmt: skip
ONLY_OF_PATHS = ("read_text", "read_bytes", "write_text", "write_bytes")
OF_PATHS = (*ONLY_OF_PATHS, "mkdir", "touch", "unlink", "rmdir", "open", "rename", "replace", "hardlink_to")


def outside_call(node: ast.Call, names: Names) -> tuple[str, str] | None:
    """Answer with the kind of a call and its name, as the author knows it; None for one that stays inside."""
    name = names.dotted(node.func)
    if kind := KIND_OF.get(name):
        return kind, name
    if isinstance(node.func, ast.Attribute) and node.func.attr in OF_PATHS:
        is_path = any(isinstance(part, ast.Call) and names.dotted(part.func) == "pathlib.Path"
                      for part in ast.walk(node.func.value))  # fmt: skip
        if is_path or node.func.attr in ONLY_OF_PATHS:
            return "files", f"Path.{node.func.attr}"
    return None
