"""Sends alerts: `python -m supervisor.alerts.sender`, a process that ends when it has tried once.

Apprise needs more memory than the supervisor may, so it is loaded here alone. What to send comes by stdin, for
addresses are secrets and what stands on a command line can be read by everybody. Each try is answered by a line of JSON
on stdout as soon as it is over; when nobody reads any more, nothing more is sent, for whoever comes next will do it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from supervisor import locale
from supervisor.alerts import failures as alert_reasons
from supervisor.alerts import rendering as alert_texts
from supervisor.alerts.incidents import Notification
from supervisor.alerts.messages import DeliveryResult, SendRequest, TargetBatch
from supervisor.alerts.urls import without
from supervisor.locale import _

if TYPE_CHECKING:
    import apprise

#: how long one address may take for one message
SERVICE_TIMEOUT_S: Final = 30.0
MAX_PROBLEM_CHARS: Final = 300
#: what of the words of Apprise tells why a message was not taken
_PROBLEM_LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})


class Sender:
    """Tries everything of one order once."""

    def __init__(self, order: SendRequest, receipts: BinaryIO) -> None:
        """Load Apprise. Raises ImportError when it is not installed."""
        import apprise

        self._apprise = apprise
        self._order = order
        self._receipts = receipts
        self._alerts = {alert.number: alert for alert in order.alerts}
        self._telling = threading.Lock()
        self._nobody_reads = threading.Event()
        # nothing is kept on the disk, and no message waits for another one
        self._asset = apprise.AppriseAsset(
            app_id="stocksup",
            app_desc="stocksup",
            async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            service_timeout=SERVICE_TIMEOUT_S,
        )

    def send(self) -> None:
        """Send to all addresses side by side; one that does not take a message is not bothered with the next."""
        with ThreadPoolExecutor(max_workers=max(1, len(self._order.deliveries))) as pool:
            for done in [pool.submit(self._deliver, one) for one in self._order.deliveries]:
                done.result()

    def _deliver(self, delivery: TargetBatch) -> None:
        service = self._apprise.Apprise(asset=self._asset)
        usable = _add(service, delivery.url)
        for numbers in delivery.messages:
            if self._nobody_reads.is_set():
                return
            if usable:
                problem = self._notify(service, delivery.url, [self._alerts[number] for number in numbers])
            else:
                problem = alert_reasons.not_an_address(delivery.url, _schemes(service))
            self._tell(DeliveryResult(delivery.address, numbers, problem))
            if problem is not None:
                return

    def _notify(self, service: apprise.Apprise, url: str, alerts: Sequence[Notification]) -> str | None:
        """Send one message; return why it was not taken, or None."""
        message = alert_texts.message(alerts, self._order.scene)
        result = service.notify(title=message.title, body=message.body, notify_type=message.tone.value)
        if result:
            return None
        said = [without(entry.message, [url]) for entry in result.logs() if entry.level in _PROBLEM_LEVELS]
        return alert_reasons.not_taken(said)[:MAX_PROBLEM_CHARS]

    def _tell(self, receipt: DeliveryResult) -> None:
        with self._telling:
            try:
                _write(self._receipts, receipt)
            except BrokenPipeError:
                self._nobody_reads.set()


def _add(service: apprise.Apprise, url: str) -> bool:
    """Give `service` an address; tell whether it takes it."""
    try:
        return service.add(url)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False  # there are addresses whose form Apprise stumbles over, such as tgram://123:


def _schemes(service: apprise.Apprise) -> frozenset[str]:
    """Return what an address may begin with."""
    kinds = service.details()["schemas"]
    return frozenset(name for kind in kinds for name in (*(kind["protocols"] or ()), *(kind["secure_protocols"] or ())))


def _write(receipts: BinaryIO, receipt: DeliveryResult) -> None:
    receipts.write(msgspec.json.encode(receipt) + b"\n")
    receipts.flush()


def main() -> int:
    """Send what stdin says; return 0, or 1 when nothing could even be tried."""
    receipts = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # some service of Apprise's might print something
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=SendRequest)
    urls = [one.url for one in order.deliveries]

    def give_up(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Say what nobody has foreseen; a traceback would go nowhere, and could show what is to be a secret."""
        _write(receipts, DeliveryResult("", (), without(f"{kind.__name__}: {error}", urls)[:MAX_PROBLEM_CHARS]))

    sys.excepthook = give_up
    locale.use(order.language)
    try:
        sender = Sender(order, receipts)
    except ImportError as error:
        text = _("cannot load Apprise (%(problem)s); install it: %(python)s -m pip install apprise")
        _write(receipts, DeliveryResult("", (), text % {"problem": error, "python": sys.executable}))
        return 1
    sender.send()
    return 0


if __name__ == "__main__":
    sys.exit(main())
