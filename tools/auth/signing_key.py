"""Where the key comes from that tokens are signed with: AUTH_SECRET, or in development a file made once."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from joserfc.jwk import OctKey

from tools.auth.settings import AuthSettings

SHORTEST_BYTES = 32  # RFC 7518 section 3.2: as long as the output of SHA-256
FEWEST_DISTINCT = 10
MAKE_ONE = 'make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`'
EXAMPLES = (
    "256bit",
    "changeit",
    "changeme",
    "changethis",
    "donotuse",
    "example",
    "insecure",
    "password",
    "placeholder",
    "replaceme",
    "secretkey",
    "supersecret",
    "yoursecret",
)


class SigningKeyError(ValueError):
    """Why there is no key to sign with; the text never holds the secret."""


def load_signing_key(settings: AuthSettings) -> OctKey:
    """Take the secret of the settings, or in development the one in the file, which is made when it is not there.

    Raises:
        SigningKeyError: there is none, or one that can be guessed or read by others.
    """
    return given_signing_key(settings) or _key(_from_file(Path(settings.auth_secret_file)))


def given_signing_key(settings: AuthSettings) -> OctKey | None:
    """Take the secret of the settings, or None in development: then it is in the file.

    Raises:
        SigningKeyError: there is none where one has to be, or one that can be guessed.
    """
    if settings.auth_secret:
        return _key(_from_environment(settings.auth_secret, is_strict=settings.env != "development"))
    if settings.env == "development":
        return None
    raise SigningKeyError(f"AUTH_SECRET is not set with ENV={settings.env!r}: {MAKE_ONE}")


def _from_environment(secret: str, *, is_strict: bool) -> bytes:
    # surrogatepass: os.environ holds bytes that are no UTF-8 as lone surrogates
    size_bytes = len(secret.encode(errors="surrogatepass"))
    if size_bytes < SHORTEST_BYTES:
        raise SigningKeyError(f"AUTH_SECRET has {size_bytes} bytes, fewer than {SHORTEST_BYTES}: {MAKE_ONE}")
    if is_strict and is_guessable(secret):
        raise SigningKeyError(f"AUTH_SECRET is an example, or can be guessed: {MAKE_ONE}")
    return secret.encode(errors="surrogatepass")


def is_guessable(secret: str) -> bool:
    """Tell whether a secret is known from examples, or was typed rather than drawn.

    >>> is_guessable("super-secret-key-change-me-in-production"), is_guessable("0123456789abcdef" * 2)
    (True, True)
    """
    letters = "".join(filter(str.isalnum, secret.lower()))
    is_repetition = secret in (secret + secret)[1:-1]
    return is_repetition or len(set(secret)) < FEWEST_DISTINCT or any(example in letters for example in EXAMPLES)


def _key(secret: bytes) -> OctKey:
    try:
        return OctKey.import_key(secret)
    except ValueError as error:
        raise SigningKeyError(f"AUTH_SECRET is a public key, which others know: {MAKE_ONE}") from error


def _from_file(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        return _kept(path)
    except OSError as error:
        reason = f"{type(error).__name__}: {error.strerror}"
        raise SigningKeyError(
            f"{path} cannot be made or read, {reason}: set AUTH_SECRET or AUTH_SECRET_FILE"
        ) from error


def _make(path: Path) -> None:
    """Make the file whole and under its name at once: of two processes, the second takes what the first made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # O_EXCL, mode 0600
    try:
        with open(draft, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


def _kept(path: Path) -> bytes:
    with open(path, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        secret = file.read(4096).strip()
    if os.name == "posix" and mode & 0o077:
        raise SigningKeyError(f"{path} can be read by others, mode {mode:04o}: `chmod 600 {path}`")
    if len(secret) < SHORTEST_BYTES:
        raise SigningKeyError(
            f"{path} has {len(secret)} bytes, fewer than {SHORTEST_BYTES}: delete it to get a new one"
        )
    return secret
