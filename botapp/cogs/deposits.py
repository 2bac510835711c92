"""The admin command about automatic deposits."""

from __future__ import annotations

from typing import Literal

from botapp.cogs.base import DEFAULT_ROWS, MAX_ROWS, Ctx, ShopCog, admin_command, format_list
from botapp.locale import N_, _
from botapp.services.deposits.notifications import refusal_text
from botapp.store.domain.records import Deposit
from botapp.store.usecases import deposits
from botapp.ui.formatting import format_amount, format_time, quote


class DepositsCog(ShopCog):
    """Automatic deposits."""

    title = N_("Deposits")

    @admin_command(
        "deposits",
        N_("List the latest deposits from webhooks and programs, or only the refused ones"),
        "20 refused",
        count=N_("How many, newest first"),
        which=N_("All, or only the refused ones"),
    )
    async def deposits(
        self,
        ctx: Ctx,
        count: int | None = None,
        which: Literal["all", "refused"] = "all",
    ) -> None:
        """List the latest deposits, newest first."""
        # not commands.Range: discord.py cannot skip an optional number of that type
        most = min(max(1, DEFAULT_ROWS if count is None else count), MAX_ROWS)
        latest = await self.shop.read(deposits.list_latest, most, refused_only=which == "refused")
        title = _("🚫 Latest refused deposits") if which == "refused" else _("💰 Latest deposits")
        await self.say(ctx, format_list([self._line(deposit) for deposit in latest], f"**{title}**", _("No deposits.")))

    def _line(self, deposit: Deposit) -> str:
        params = {
            "time": format_time(deposit.at_ms),
            "member": quote(deposit.handle or "–"),
            "amount": format_amount(deposit.amount, self.shop.units) if deposit.amount is not None else "–",
            "key": quote(deposit.key),
            "reason": refusal_text(deposit.refusal),
        }
        if deposit.refusal:
            return _("❌ %(time)s · %(member)s · %(amount)s · %(reason)s · %(key)s") % params
        return _("✅ %(time)s · %(member)s · %(amount)s · %(key)s") % params
