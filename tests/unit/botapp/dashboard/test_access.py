"""Who may look at the dashboard: names of the server, other sites, this machine, and how often."""

from __future__ import annotations

import pytest

from botapp.config.settings import Dashboard
from botapp.dashboard.web.access import BURST, RATE, RateLimit, has_bearer_token, is_known_host, is_local, is_own_origin

LOCAL = Dashboard()
PUBLIC = Dashboard(public_url="https://shop.example.org")
ANY = Dashboard(listen="0.0.0.0:8210", public_url="https://shop.example.org:8443")
LAN = Dashboard(listen="192.168.1.5:8210", public_url="http://panel")


@pytest.mark.parametrize(
    ("place", "host"),
    [
        (LOCAL, "127.0.0.1:8210"),
        (LOCAL, "localhost:9000"),  # ssh -L 9000:127.0.0.1:8210
        (LOCAL, "[::1]:8210"),
        (PUBLIC, "shop.example.org"),
        (PUBLIC, "SHOP.example.org"),
        (PUBLIC, "127.0.0.1:8210"),
        (ANY, "shop.example.org:8443"),
        (LAN, "192.168.1.5:8210"),
    ],
)
def test_own_names(place: Dashboard, host: str) -> None:
    assert is_known_host(place, host)


@pytest.mark.parametrize(
    ("place", "host"),
    [
        (LOCAL, "evil.example"),  # its name resolves to 127.0.0.1: DNS rebinding
        (LOCAL, "127.0.0.1.evil.example"),
        (LOCAL, "evil.example@127.0.0.1.evil.example"),
        (LOCAL, ""),
        (LOCAL, "[::1"),
        (PUBLIC, "shop.example.org:8443"),
        (PUBLIC, "shop.example.org.evil.example"),
        (PUBLIC, "shop.example.org:port"),
        (ANY, "0.0.0.0:8210"),
        (ANY, "10.0.0.7:8210"),
    ],
)
def test_other_names(place: Dashboard, host: str) -> None:
    assert not is_known_host(place, host)


def test_origins() -> None:
    assert is_own_origin(LOCAL, "127.0.0.1:8210", "http://127.0.0.1:8210")
    assert is_own_origin(PUBLIC, "shop.example.org", "https://shop.example.org")
    assert not is_own_origin(LOCAL, "127.0.0.1:8210", "http://127.0.0.1:8211")
    assert not is_own_origin(LOCAL, "127.0.0.1:8210", "null")
    assert not is_own_origin(LOCAL, "127.0.0.1:8210", "")
    assert not is_own_origin(LOCAL, "evil.example", "http://evil.example")
    assert not is_own_origin(PUBLIC, "shop.example.org", "https://evil.example")


def test_this_machine() -> None:
    assert is_local(LOCAL, "localhost:8210", "127.0.0.1")
    assert is_local(LOCAL, "[::1]:8210", "::1")
    assert not is_local(LOCAL, "evil.example", "127.0.0.1")
    assert not is_local(LOCAL, "127.0.0.1:8210", "192.168.1.7")
    assert not is_local(LOCAL, "127.0.0.1:8210", "")
    # what a proxy passes on comes from this machine too, and some proxies set this Host
    assert not is_local(PUBLIC, "127.0.0.1:8210", "127.0.0.1")


def test_bearer_tokens() -> None:
    assert has_bearer_token("Bearer abc", "abc")
    assert has_bearer_token("bearer abc", "abc")
    assert not any(
        has_bearer_token(header, "abc") for header in ("", "Bearer", "Bearer ab", "abc", "Basic abc", "Bearer é")
    )


def test_too_many_requests_are_refused_until_time_has_passed() -> None:
    now_s = 0.0
    limit = RateLimit(lambda: now_s)
    assert sum(limit.allows("a") for _ in range(2 * BURST)) == BURST
    assert limit.allows("b")
    now_s = 1.0
    assert sum(limit.allows("a") for _ in range(2 * BURST)) == RATE


def test_addresses_are_forgotten() -> None:
    limit = RateLimit(lambda: 0.0)
    for number in range(5000):
        limit.allows(str(number))
    assert len(limit._buckets) <= 1000
