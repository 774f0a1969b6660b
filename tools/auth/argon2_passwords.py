"""argon2id: hash and verify, each about 0.1 s of a core, so call them through the pool."""

import base64
import contextlib
import secrets

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from tools.auth.contract import PasswordError
from tools.auth.settings import MOST_MEMORY_KIB, MOST_PARALLELISM, MOST_TIME_COST, AuthSettings

SHORTEST_BYTES = 8
LONGEST_BYTES = 1024  # argon2 itself takes 10 MB
LONGEST_HASH = 512


class Argon2Passwords:
    """The rules on passwords, and the one place that knows argon2."""

    def __init__(self, settings: AuthSettings) -> None:
        memory_kib, time_cost = settings.auth_argon2_memory_kib, settings.auth_argon2_time_cost
        lanes = settings.auth_argon2_parallelism
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        cost = f"m={memory_kib},t={time_cost},p={lanes}"
        # the hash of nothing anyone knows: random bytes where the digest goes, so that no boot waits for a real one
        self._dummy = f"$argon2id$v=19${cost}${_random_base64(16)}${_random_base64(32)}"

    def encode(self, password: str) -> bytes:
        """Check a new password; raises PasswordError."""
        raw = _encoded(password)
        if raw is None:
            raise PasswordError
        return raw

    def hash(self, password: bytes) -> str:
        """Hash what `encode` gave."""
        return self._hasher.hash(password)

    def verify(self, password: str, hashed: str | None) -> bool:
        """Compare; whatever cannot be compared costs the time of a comparison."""
        raw = _encoded(password)
        if raw is None or hashed is None or not _is_affordable(hashed):
            return self._spend()
        try:
            return self._hasher.verify(hashed, raw)
        except VerifyMismatchError:
            return False
        except (VerificationError, ValueError):
            return self._spend()

    def needs_rehash(self, hashed: str) -> bool:
        """Tell whether a hash was made with other parameters than today's, or is none."""
        try:
            return self._hasher.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def _spend(self) -> bool:
        # any other failure than a mismatch is argon2's own, e.g. no memory left: not an answer, so it goes up
        with contextlib.suppress(VerifyMismatchError):
            self._hasher.verify(self._dummy, b"no password")
        return False


def _random_base64(size_bytes: int) -> str:
    return base64.b64encode(secrets.token_bytes(size_bytes)).decode().rstrip("=")


def _encoded(password: str) -> bytes | None:
    if len(password) > LONGEST_BYTES:
        return None
    try:
        raw = password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return raw if SHORTEST_BYTES <= len(raw) <= LONGEST_BYTES else None


def _is_affordable(hashed: str) -> bool:
    """Read the price before paying it: argon2 would compute whatever the stored text asks for."""
    if len(hashed) > LONGEST_HASH:
        return False
    try:
        cost = extract_parameters(hashed)
    except InvalidHashError:
        return False
    return (
        cost.type is Type.ID
        and cost.memory_cost <= MOST_MEMORY_KIB
        and cost.time_cost <= MOST_TIME_COST
        and cost.parallelism <= MOST_PARALLELISM
    )
