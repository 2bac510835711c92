"""The process that sends one ping: python -m supervisor.alerts.ping_sender. Decides nothing.

It reads the request from stdin, and writes the result to stdout as a line of JSON. It ends by itself, whatever the
service does and whether or not a supervisor is left to end it.
"""

from __future__ import annotations

import http.client
import signal
import sys
import urllib.error
import urllib.request
from typing import Final

import msgspec

from supervisor import __version__, locale
from supervisor.alerts.messages import PingRequest, PingResult
from supervisor.alerts.urls import redact
from supervisor.locale import _
from supervisor.locale.third_party import translate_os_error

#: how long the service may be silent, and how long everything may take
ANSWER_TIMEOUT_S: Final = 10.0
TIMEOUT_S: Final = 20
MAX_ANSWER_BYTES: Final = 1000
MAX_PROBLEM_CHARS: Final = 300


def send(url: str, body: str | None) -> str | None:
    """Send one ping; return why it was not received, or None."""
    try:
        request = urllib.request.Request(
            url,
            None if body is None else body.encode(errors="replace"),
            {"User-Agent": f"stocksup/{__version__}", "Content-Type": "text/plain; charset=utf-8"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as response:
            answer: bytes = response.read(MAX_ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        return _("the service answers %(status)d; copy its URL again") % {"status": error.code}
    except TimeoutError:
        return _("no answer within %(time)d s") % {"time": ANSWER_TIMEOUT_S}
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            return _("no answer within %(time)d s") % {"time": ANSWER_TIMEOUT_S}
        text = error.reason.strerror if isinstance(error.reason, OSError) else None
        return translate_os_error(text or str(error.reason))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    # healthchecks.io has answered 200 to an unknown check
    return _("the service does not know the check; copy its URL again") if b"not found" in answer else None


def main() -> int:
    """Send the ping on stdin; return 0, or 1 if it was not received."""
    signal.alarm(TIMEOUT_S)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=PingRequest)
    locale.use(request.language)
    problem = send(request.url, request.body)
    if problem is not None:
        problem = redact(problem, [request.url])[:MAX_PROBLEM_CHARS]
    sys.stdout.buffer.write(msgspec.json.encode(PingResult(problem)) + b"\n")
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
