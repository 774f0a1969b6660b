"""What has to be set where strangers can reach it."""

import pytest

import asgi
from kernel.errors import BootError


async def test_all_that_production_misses_is_told_at_once() -> None:
    with pytest.raises(BootError) as caught:
        async with asgi.running({"ENV": "production"}):
            pass

    assert "the boot stopped on 2 errors" in str(caught.value)
    assert "AUTH_SECRET is not set" in str(caught.value)
    assert "HTTP_HOSTS is not set" in str(caught.value)
