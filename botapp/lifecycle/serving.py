"""Lets one process of the bot at a time serve: edit, deliver, sync, and change the state file.

A process that starts without another one serves as soon as its session is open. One that is prepared beside another one
waits until the supervisor tells it to serve. The cut ends that; then the process finishes what it has taken, and either
retires or serves again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botapp.discord_api import slash_commands
from botapp.discord_api.handover import canary
from botapp.discord_api.handover.event_file import AnotherServes
from botapp.lifecycle import preparation
from botapp.lifecycle.preparation import Progress
from botapp.locale import _
from botapp.runtime import state_file
from botapp.runtime.exits import TryLater
from botapp.runtime.state_file import StateError
from botapp.runtime.supervisor_link import HEARTBEAT_INTERVAL_S, Role
from botapp.services.health import LAG_INTERVAL_S

if TYPE_CHECKING:
    from botapp.lifecycle.context import LifecycleBot

log = logging.getLogger(__name__)

#: time to become prepared until the supervisor names one, in seconds
PREPARE_TIMEOUT_S: Final = 60.0
#: time between two looks at the progress, in seconds
LOOK_INTERVAL_S: Final = 0.02
#: while an earlier process finishes its work, its purchases change the stock; this often the bot looks, in seconds
BESIDE_INTERVAL_S: Final = 2.0
#: members wait for their clicks, so the other work of a process that takes over begins so much later, in seconds
CLICKS_FIRST_S: Final = 0.1
#: time between two heartbeats on probation, in seconds
PROBATION_INTERVAL_S: Final = 1.0
#: without a supervisor: how long a prepared process waits for the next one, and how often one that was cut tries to
#: serve again, in seconds
ALONE_TIMEOUT_S: Final = 30.0
ALONE_INTERVAL_S: Final = 5.0
#: an earlier process whose end is reported so soon after it lost its service did not hand over, in seconds
KILLED_WITHIN_S: Final = 0.2
#: time between two comparisons of the sessions, in seconds
COMPARE_INTERVAL_S: Final = 0.5


@dataclass(frozen=True)
class Serve:
    """The order to serve."""

    #: directories of the temporary and of the permanent cache; none: as before
    cache_dirs: tuple[Path, Path] | None = None
    #: how long the process has to prove itself, in seconds
    probation_s: float = 0.0


@dataclass(frozen=True)
class Retire:
    """The order to finish what was taken, and to end."""

    #: time for that, in seconds
    deadline_s: float


@dataclass(frozen=True)
class GiveUp:
    """The order to end, because no supervisor tells this process to serve."""


class Serving:
    """Lets one process serve."""

    def __init__(self, bot: LifecycleBot, *, is_prepared: bool) -> None:
        """`is_prepared`: whether another process serves."""
        self._bot = bot
        #: what this process does
        self.role: Role = "prepared" if is_prepared else "serving"
        #: whether an earlier process still works, so that its work must not be repaired
        self.has_predecessor = is_prepared
        self._orders: asyncio.Queue[Serve | Retire | GiveUp] = asyncio.Queue()
        self._has_started_work = False
        self._prepare_until_s = time.monotonic() + PREPARE_TIMEOUT_S
        self._began_at_s = 0.0
        self._was_prepared = False
        self._cut_at_s = 0.0
        self._cut_deadline_s = 0.0
        self._alone_timer: asyncio.TimerHandle | None = None
        self._probation_timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve, now or when it is ordered, until this process is to retire. Raises TryLater."""
        bot = self._bot
        if self.role == "prepared":
            await self._prepare()
        else:
            await bot.gateway.opened.wait()
            await self._serve(Serve())
        await self._obey_orders()

    async def _obey_orders(self) -> None:
        while True:
            order = await self._orders.get()
            if isinstance(order, Serve):
                if self.role != "serving":  # else the supervisor repeats it
                    await self._serve(order)
            elif isinstance(order, GiveUp):
                raise TryLater(_("the supervisor that prepared this process is gone"))
            elif self.role == "retiring":
                await self._retire(order.deadline_s)
                return

    # --- orders and news ---

    def order(self, order: Serve | Retire | GiveUp) -> None:
        """Execute an order when the orders before it are done."""
        self._orders.put_nowait(order)

    def limit_preparation(self, deadline_s: float) -> None:
        """Become prepared within `deadline_s` seconds from now, or end."""
        self._prepare_until_s = time.monotonic() + deadline_s

    def set_predecessor(self, *, lives: bool) -> None:
        """Learn whether an earlier process still works. When none does, finish what they have left."""
        had_predecessor, self.has_predecessor = self.has_predecessor, lives
        if self.role == "serving" and had_predecessor and not lives:
            log.info(_("the process before has ended"))
            self._finish_left_events()
            if self._has_started_work:
                self._finish_left_work()
                self._bot.live_updater.refresh_soon()

    def connection_changed(self, connected: bool) -> None:
        """Act without a supervisor when it stays away: serve again, or end a process that waits to serve."""
        if self._alone_timer is not None:
            self._alone_timer.cancel()
            self._alone_timer = None
        if not connected and not self._bot.is_ending:
            if self.role == "retiring":
                self._alone_timer = self._call_later(self._cut_deadline_s, Serve())
            elif self.role == "prepared":
                self._alone_timer = self._call_later(ALONE_TIMEOUT_S, GiveUp())

    def cut(self, deadline_s: float) -> None:
        """Let another process serve from now on. What was taken goes on. Raises OSError; then this one still serves.

        Without a supervisor this process serves again `deadline_s` seconds later, if no other one does.
        """
        bot = self._bot
        bot.intake.cut()
        self.role, self._cut_at_s, self._cut_deadline_s = "retiring", time.time(), deadline_s
        if bot.link is not None:
            bot.link.withdraw_report()
            bot.link.set_heartbeat_interval(HEARTBEAT_INTERVAL_S)
            self.connection_changed(bot.link.is_connected)

    # --- prepare ---

    async def _prepare(self) -> None:
        """Wait until this process could serve, and report that. Raises TryLater if that cannot be."""
        bot = self._bot
        while not preparation.is_prepared(progress := self._progress()):
            if (obstacle := preparation.find_obstacle(progress)) is not None:
                raise TryLater(obstacle)
            await asyncio.sleep(LOOK_INTERVAL_S)
        log.info(_("prepared as %(user)s (process %(life)s)"), {"user": bot.user, "life": bot.life or "-"})
        if bot.link is not None:
            bot.link.report_prepared(alone=bot.loader.must_be_alone)

    def _progress(self) -> Progress:
        bot, now_s = self._bot, time.time()
        opened_at_s = bot.gateway.opened_at_s
        missed = bot.intake.missed(opened_at_s) if opened_at_s is not None else {}
        is_in_step = canary.is_in_step(missed) and bot.intake.is_proven()
        if not is_in_step and bot.intake.is_other_dead():
            missed, is_in_step = {}, True  # members wait, and there is nothing to compare with
        return Progress(
            left_s=self._prepare_until_s - time.monotonic(),
            open_s=None if opened_at_s is None else now_s - opened_at_s,
            unavailable_servers=sum(guild.unavailable for guild in bot.guilds),
            is_loaded=bot.loader.is_loaded,
            is_in_step=is_in_step,
            gets_nothing=canary.gets_nothing(missed),
        )

    # --- serve ---

    async def _serve(self, order: Serve) -> None:
        """Serve, if no other process does; what loads meanwhile, the shop, follows when it is open."""
        bot = self._bot
        handed_over = None
        if self.role != "serving":
            try:
                handed_over = bot.intake.serve()
            except AnotherServes:
                self._stay_cut()
                return
        self._begin(order, handed_over)
        if handed_over is not None:
            await asyncio.sleep(CLICKS_FIRST_S)
        bot.cache.resume(*(order.cache_dirs or ()))
        await bot.loader.open_alone()
        shop = await bot.loader.wait()
        if not self._has_started_work:
            self._has_started_work = True
            bot.live_updater.start()
            shop.start(bot.tasks, bot.loader.take_messages())
        if not self.has_predecessor:
            self._finish_left_work()
        elif not bot.tasks.is_quiesced:
            bot.tasks.spawn(_("live message"), self._watch_stock())

    def _stay_cut(self) -> None:
        """Go on without serving: another process does."""
        if self.role == "prepared":
            raise TryLater(_("another process of this bot serves"))
        if self._bot.link is not None and not self._bot.link.is_connected:
            self._alone_timer = self._call_later(ALONE_INTERVAL_S, Serve())
        else:
            log.warning(_("another process of this bot serves"))

    def _begin(self, order: Serve, handed_over: int | None) -> None:
        """Take over what belongs to the process that serves, and report ready."""
        bot = self._bot
        was, self.role = self.role, "serving"
        self._began_at_s, self._was_prepared = time.monotonic(), was == "prepared"
        if was == "retiring" or bot.loader.must_be_alone:
            self.has_predecessor = False
        bot.live_updater.place(bot.placement.live_messages())
        bot.tasks.resume()
        if was == "retiring":
            log.info(_("serving again (process %(life)s)"), {"life": bot.life or "-"})
            bot.live_updater.reopen()
        else:
            log.info(_("ready as %(user)s (process %(life)s)"), {"user": bot.user, "life": bot.life or "-"})
            bot.tasks.repeat(_("loop lag"), LAG_INTERVAL_S, bot.measure_loop_lag)
        bot.interactions.answered = 0
        if bot.link is not None:
            bot.link.report_ready(handed_over)
            if order.probation_s:
                self._beat_quickly(order.probation_s)
        if bot.live_updater.channel_id is None:
            log.warning(_("live message: not posted, because no channel is chosen; use /setup in the shop's channel"))
        if not self.has_predecessor:
            self._finish_left_events()

    def _beat_quickly(self, probation_s: float) -> None:
        """Send a heartbeat every second on probation: the supervisor takes silence for a hang."""
        link, loop = self._bot.link, asyncio.get_running_loop()
        assert link is not None
        if self._probation_timer is not None:
            self._probation_timer.cancel()
        link.set_heartbeat_interval(PROBATION_INTERVAL_S)
        self._probation_timer = loop.call_later(probation_s, link.set_heartbeat_interval, HEARTBEAT_INTERVAL_S)

    async def _watch_stock(self) -> None:
        """Show the stock that an earlier process sells while it finishes its work."""
        while self.has_predecessor and not self._bot.tasks.is_quiesced:
            await self._bot.tasks.sleep(BESIDE_INTERVAL_S)
            self._bot.live_updater.refresh_soon()

    def _finish_left_events(self) -> None:
        """Finish the clicks that earlier processes have left, and delete their messages."""
        bot = self._bot
        if not bot.tasks.is_quiesced:
            # one that was killed before the cut: what came until our session was open is in its session only
            was_killed = time.monotonic() - self._began_at_s < KILLED_WITHIN_S and self._was_prepared
            work = bot.take_over_events(reads_missed=was_killed)
            bot.tasks.spawn(_("clicks of the process before"), work)
            bot.tasks.spawn(_("live messages"), bot.placement.remove_others(bot.live_updater.keys))

    def _finish_left_work(self) -> None:
        """Finish what earlier processes have left in the shop, and sync the commands."""
        bot = self._bot
        if not bot.tasks.is_quiesced and bot.loader.shop is not None:
            bot.loader.shop.finish_unfinished(bot.tasks)
            sync = slash_commands.sync_if_changed(bot.tree, bot.settings.state_file)
            bot.tasks.spawn(_("slash commands"), sync)

    # --- retire ---

    async def _retire(self, deadline_s: float) -> None:
        """Finish what was taken, within `deadline_s` seconds."""
        comparing = asyncio.create_task(self._compare_sessions(deadline_s))
        drained = await self._bot.tasks.drain(deadline_s)
        if drained.cancelled:
            log.warning(_("⚠️ Cancelled at the deadline: %s"), ", ".join(drained.cancelled))
        await comparing

    async def _compare_sessions(self, deadline_s: float) -> None:
        """Remember it if the session of the process that serves does not get what ours gets: then none hands over."""
        until_s = time.monotonic() + deadline_s
        while missed := self._bot.intake.missed_by_other(self._cut_at_s):
            if canary.gets_nothing(missed):
                log.error(_("hand-over: the new session got no events (%d missed)"), len(missed))
                try:
                    state_file.change(self._bot.settings.state_file, events_missed_at_s=time.time())
                except StateError as error:
                    log.warning(_("hand-over: cannot remember that: %s"), error)
                return
            if time.monotonic() >= until_s:
                return
            await asyncio.sleep(COMPARE_INTERVAL_S)

    def _call_later(self, time_s: float, order: Serve | GiveUp) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(time_s, self.order, order)
