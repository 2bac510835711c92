"""What holds for all tests."""

from __future__ import annotations

import gettext
import os
import signal
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import botapp.locale
import supervisor.locale
from tests.support import depth
from tests.support.shop.databases import database as database
from tests.support.shop.databases import store_address as store_address
from tests.support.shop.databases import store_url as store_url
from tests.support.shop.databases import stores as stores

# a shell that starts this in the background ignores SIGINT, and the processes that tests interrupt would inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)

# a slow machine says nothing about the code
settings.register_profile("sample", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
settings.register_profile("full", settings.get_profile("sample"), max_examples=100)
settings.load_profile("full" if depth.IS_FULL else "sample")


@pytest.fixture(autouse=True)
def _in_the_words_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test speak the language that another one has chosen."""
    monkeypatch.setattr(botapp.locale, "_default", gettext.NullTranslations())
    monkeypatch.setattr(supervisor.locale, "_current", gettext.NullTranslations())


@pytest.fixture(autouse=True)
def _restore_time_zone() -> Iterator[None]:
    """Keep the time zone that a command sets in this process from later tests and from the processes they start."""
    before = os.environ.get("TZ")
    yield
    if os.environ.get("TZ") != before:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def pytest_configure(config: pytest.Config) -> None:
    """Name our marker. A run of chosen files takes all of their tests; the workers do what the first process does."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        os.environ.setdefault("TEST_ALL_MARKED", "1")
    elif not hasattr(config, "workerinput"):
        os.environ["TEST_ALL_MARKED"] = ""
    config.addinivalue_line("markers", "sampled: many expensive tests of one thing; `make test` runs half of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the seed choose which half of the tests with the marker `sampled` runs; a full run takes all."""
    marked = [item for item in items if item.get_closest_marker("sampled")]
    if os.environ.get("TEST_ALL_MARKED"):
        return
    chosen = {*depth.sample(marked, "tests", one_in=2)} if len(marked) > 1 else {*marked}
    config.hook.pytest_deselected(items=[item for item in marked if item not in chosen])
    items[:] = [item for item in items if item in chosen or item not in marked]


def pytest_report_header() -> str:
    """Show what repeats the choices of this run."""
    return f"depth: {'full' if depth.IS_FULL else 'sample'}, TEST_SEED={depth.choose_seed()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the run fails although no test did."""
    if _skips_count(terminalreporter):
        terminalreporter.write_line("CI is set, so skipped tests count as failed", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let no skip pass where everything that tests need is to be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    passed = session.exitstatus == pytest.ExitCode.OK
    if passed and isinstance(reporter, pytest.TerminalReporter) and _skips_count(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skips_count(reporter: pytest.TerminalReporter) -> bool:
    return bool(os.environ.get("CI")) and bool(reporter.stats.get("skipped"))
