"""Failures of the connection to Discord, explained in the language in use."""

from __future__ import annotations

import aiohttp
import pytest

from botapp import locale
from botapp.discord_api.errors import connection_problem


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (aiohttp.ClientOSError(None, "Can not write request body for http://x"), "koneksi terputus"),
        (aiohttp.ServerDisconnectedError(), "koneksi terputus"),
        (BrokenPipeError(32, "Broken pipe"), "koneksi terputus"),
        (ConnectionRefusedError(111, "Connection refused"), "koneksi ditolak"),
        (TimeoutError(), "tidak menjawab tepat waktu"),
        (aiohttp.ClientError("odd"), "koneksi gagal (odd)"),
    ],
)
def test_texts_in_indonesian(error: Exception, text: str) -> None:
    locale.use("id")
    assert connection_problem(error) == text


def test_other_errors_are_not_connection_problems() -> None:
    assert connection_problem(KeyError("code")) is None
