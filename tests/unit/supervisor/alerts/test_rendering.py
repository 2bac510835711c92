"""The texts of alerts, and the redaction of URLs."""

from __future__ import annotations

import pytest

from supervisor.alerts import rendering, urls
from supervisor.alerts.incidents import Incident, Kind, Notification
from supervisor.alerts.messages import DeliveryResult, Origin
from supervisor.cli.commands import alerts as command
from supervisor.lifecycle.model import Reason, text_reason

ORIGIN = Origin("shop-server", "/srv/shop/config.toml", "/srv/shop/state", "Asia/Jakarta")
#: 2026-01-01 12:00:00 in Jakarta
NOON = 1_767_243_600.0


#: made up, of the shape of a token of Discord
TOKEN = "MTQwMDAwMDAwMDAwMDAwMDAwMg." + "GAbCdE." + "x" * 38


def alert(
    kind: Kind, detail: str = "", *, subject: str = "bot", resolved: bool = False, at: float = NOON
) -> Notification:
    reason = text_reason(detail) if detail else None
    if kind is Kind.DISK_LOW:
        reason = Reason("disk_free", {"free_mib": 100})
    return Notification(number=1, incident=Incident(kind, subject, reason, NOON), resolved=resolved, at=at)


@pytest.mark.parametrize(
    ("notification", "severity", "parts"),
    [
        (alert(Kind.FATAL, "crashed 6 times"), "failure", ["bot", "crashed 6 times", "stocksup logs bot"]),
        (alert(Kind.REFUSED, "exit 77"), "failure", ["token", "exit 77", "stocksup start", "stocksup check"]),
        (alert(Kind.CRASH_LOOP, "exit 1"), "warning", ["exit 1", "stocksup logs bot"]),
        (alert(Kind.DISK_LOW), "warning", ["100 MiB", "du -xh /srv/shop/state"]),
        (alert(Kind.PROBLEM, "No space left", subject="journal"), "failure", ["No space left", "/srv/shop/state"]),
        (alert(Kind.TEST), "info", []),
    ],
)
def test_an_alert_names_cause_place_time_and_remedy(
    notification: Notification, severity: str, parts: list[str]
) -> None:
    message = rendering.render([notification], ORIGIN)
    assert message.severity.value == severity
    assert "shop-server" in message.title
    for part in [*parts, "2026-01-01 12:00:00 WIB", "shop-server, /srv/shop/config.toml"]:
        assert part in message.body


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEST])
def test_a_resolved_incident_names_its_cause_and_duration(kind: Kind) -> None:
    message = rendering.render([alert(kind, "123456789", resolved=True, at=NOON + 90)], ORIGIN)
    assert message.severity.value == "success"
    assert "2026-01-01 12:00:00" in message.body
    assert "2026-01-01 12:01:30" in message.body
    assert message.title != rendering.render([alert(kind, "123456789")], ORIGIN).title


def test_several_notifications_have_a_line_each() -> None:
    many = [alert(Kind.FATAL, f"reason {number}", at=NOON + number) for number in range(12)]
    message = rendering.render([*many, alert(Kind.FATAL, resolved=True)], ORIGIN)
    assert "13" in message.title
    lines = message.body.splitlines()
    assert all(f"reason {number}" in lines[number] for number in range(12))
    assert lines[3].startswith("2026-01-01 12:00:03 WIB")


def test_a_message_holds_no_token_and_no_long_reason() -> None:
    assert "refused ***" in rendering.render([alert(Kind.FATAL, f"refused {TOKEN}")], ORIGIN).body.splitlines()
    body = rendering.render([alert(Kind.FATAL, "x" * 5000)], ORIGIN).body
    assert len(body.splitlines()[0]) == rendering.MAX_REASON_CHARS


def test_a_url_is_shown_by_its_number_and_scheme() -> None:
    given = ["tgram://123:secret/77", "json://host/secret", "tgram://123:secret/77"]
    names = urls.identify(given)
    assert list(names.values()) == given[:2]
    assert list(urls.redacted_names(given).values()) == ["1: tgram://***", "2: json://***"]
    assert list(urls.identify(given[1:])) == list(names)[1::-1], "an id stays when others come and go"


def test_no_part_of_a_url_stays_in_a_text() -> None:
    url = "mailto://owner:pass-word@mail.example.org/path?to=you@home.example"
    text = f"cannot open {url}: mail.example.org refused owner with pass-word at /path for you@home.example"
    assert urls.redact(text, [url]) == "cannot open ***: *** refused *** with *** at /*** for you@***"


def test_the_command_shows_the_result_of_each_target() -> None:
    shown = {"a": "1: json://***", "b": "2: json://***", "c": "3: json://***"}
    receipts = [DeliveryResult("a", (0,), None), DeliveryResult("b", (0,), "refused")]
    assert command.results(shown, receipts)[:2] == [("1: json://***", None), ("2: json://***", "refused")]
    name, missing = command.results(shown, receipts)[2]
    assert (name, missing is not None) == ("3: json://***", True)
    nobody = command.results(shown, [DeliveryResult("", (), "cannot load Apprise")])
    assert {problem for _, problem in nobody} == {"cannot load Apprise"}
