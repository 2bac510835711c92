"""Sends alerts: `python -m supervisor.alerts.sender`, a process that tries each message once and exits.

Apprise needs more memory than the supervisor may use, so only this process imports it. The request comes by stdin,
because URLs are secrets and a command line is visible to everybody. Each result is written to stdout as a line of JSON
as soon as it is known. When stdout is closed, the sender stops: the next supervisor sends the rest.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from supervisor import locale
from supervisor.alerts import failures, rendering
from supervisor.alerts.incidents import Notification
from supervisor.alerts.messages import DeliveryResult, SendRequest, TargetBatch
from supervisor.alerts.urls import redact
from supervisor.locale import _

if TYPE_CHECKING:
    import apprise

#: how long a target may take for one message
SERVICE_TIMEOUT_S: Final = 30.0
MAX_PROBLEM_CHARS: Final = 300
#: bytes of an answer that are read
MAX_ANSWER_BYTES: Final = 256 * 1024
#: memory of this process; Apprise takes 60 MiB
MAX_MEMORY_BYTES: Final = 512 * 1024 * 1024
#: levels of Apprise's log that explain a failure
_PROBLEM_LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})


def limit_answers() -> None:
    """Have requests, which Apprise uses, read only so much of an answer, and only for so long.

    Only its status counts; a service may answer without end. Everything else that a service could do
    with our memory ends at the limit of the process.
    """
    import requests

    class LimitedAdapter(requests.adapters.HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            response = super().send(*args, **kwargs)
            response.raw.stream = partial(_read_limited, response.raw, response.raw.stream)
            return response

    requests.sessions.HTTPAdapter = LimitedAdapter  # type: ignore[attr-defined]
    if sys.platform == "linux":
        with suppress(OSError, ValueError):  # the filter of our systemd unit forbids it
            resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _read_limited(raw: Any, stream: Callable[..., Iterator[bytes]], *args: Any, **kwargs: Any) -> Iterator[bytes]:
    """Yield the beginning of an answer."""
    deadline_s, left = time.monotonic() + SERVICE_TIMEOUT_S, MAX_ANSWER_BYTES
    for data in stream(*args, **kwargs):
        yield data[:left]
        left -= len(data)
        if left <= 0 or time.monotonic() > deadline_s:
            raw.close()
            return


class Sender:
    """Sends everything of one request once."""

    def __init__(self, request: SendRequest, output: BinaryIO) -> None:
        """Load Apprise. Raises ImportError when it is not installed."""
        import apprise

        self._apprise = apprise
        self._request = request
        self._output = output
        self._notifications = {notification.number: notification for notification in request.notifications}
        self._output_lock = threading.Lock()
        self._is_output_closed = threading.Event()
        # nothing is stored on disk, and no message waits for another one
        self._asset = apprise.AppriseAsset(
            app_id="stocksup",
            app_desc="stocksup",
            async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            service_timeout=SERVICE_TIMEOUT_S,
        )

    def send(self) -> None:
        """Send to all targets in parallel; after a failure, a target gets no further message."""
        with ThreadPoolExecutor(max_workers=max(1, len(self._request.batches))) as pool:
            for future in [pool.submit(self._send_batch, batch) for batch in self._request.batches]:
                future.result()

    def _send_batch(self, batch: TargetBatch) -> None:
        service = self._apprise.Apprise(asset=self._asset)
        is_valid = _add_url(service, batch.url)
        for numbers in batch.messages:
            if self._is_output_closed.is_set():
                return
            if is_valid:
                problem = self._send_message(service, batch.url, [self._notifications[number] for number in numbers])
            else:
                problem = failures.url_problem(batch.url, _schemes(service))
            self._write_result(DeliveryResult(batch.target, numbers, problem))
            if problem is not None:
                return

    def _send_message(self, service: apprise.Apprise, url: str, notifications: Sequence[Notification]) -> str | None:
        """Send one message; return why it was not delivered, or None."""
        message = rendering.render(notifications, self._request.origin)
        result = service.notify(title=message.title, body=message.body, notify_type=message.severity.value)
        if result:
            return None
        warnings = [redact(entry.message, [url]) for entry in result.logs() if entry.level in _PROBLEM_LEVELS]
        return failures.delivery_problem(warnings)[:MAX_PROBLEM_CHARS]

    def _write_result(self, result: DeliveryResult) -> None:
        with self._output_lock:
            try:
                _write(self._output, result)
            except BrokenPipeError:
                self._is_output_closed.set()


def _add_url(service: apprise.Apprise, url: str) -> bool:
    """Add a URL to `service`; return whether it is valid."""
    try:
        return service.add(url)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False  # some invalid URLs make Apprise raise, such as tgram://123:


def _schemes(service: apprise.Apprise) -> frozenset[str]:
    """Return the schemes that Apprise knows."""
    plugins = service.details()["schemas"]
    return frozenset(
        scheme for plugin in plugins for scheme in (*(plugin["protocols"] or ()), *(plugin["secure_protocols"] or ()))
    )


def _write(output: BinaryIO, result: DeliveryResult) -> None:
    output.write(msgspec.json.encode(result) + b"\n")
    output.flush()


def main() -> int:
    """Send the request on stdin; return 0, or 1 when nothing could be tried."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # a plugin of Apprise may print something
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=SendRequest)
    urls = [batch.url for batch in request.batches]

    def report_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Report an unexpected exception; a traceback could show a secret."""
        _write(output, DeliveryResult("", (), redact(f"{kind.__name__}: {error}", urls)[:MAX_PROBLEM_CHARS]))

    sys.excepthook = report_exception
    locale.use(request.language)
    try:
        sender = Sender(request, output)
        limit_answers()
    except ImportError as error:
        text = _("cannot load Apprise (%(problem)s); install it: %(python)s -m pip install apprise")
        _write(output, DeliveryResult("", (), text % {"problem": error, "python": sys.executable}))
        return 1
    sender.send()
    return 0


if __name__ == "__main__":
    sys.exit(main())
