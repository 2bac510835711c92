"""What the shop does for one member: each step is acknowledged first, then done, then answered.

Nothing is remembered between two steps: what a step needs is in its custom id and in the books.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from botapp import locale
from botapp.config.settings import Store
from botapp.discord_api import language
from botapp.locale import _
from botapp.runtime.context import ShopContext
from botapp.services.fulfilment.delivery import DeliveryService, Outcome
from botapp.services.fulfilment.package import pack
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.store import member_api
from botapp.store.db.errors import Unavailable
from botapp.store.domain import refusals
from botapp.store.domain.records import Receipt
from botapp.store.domain.refusals import Refused
from botapp.ui.custom_ids import Step
from botapp.ui.members import account as account_panels
from botapp.ui.members import purchase as purchase_panels
from botapp.ui.members.components import build_message, build_modal
from botapp.ui.members.panel import Modal, Panel
from botapp.ui.members.refusals import Answers

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

#: how long may be looked into the books before a form has to be open, in seconds; Discord waits three
READ_TIMEOUT_S: Final = 2.0


class MemberFlows:
    """Serves the steps of members."""

    def __init__(
        self, shop: ShopContext, store: Store, front: Callable[[], LiveMessageUpdater], delivery: DeliveryService
    ) -> None:
        """`delivery` brings goods to who bought them."""
        self._shop = shop
        self._store = store
        self._answers = Answers(shop.units, store.member_name_label)
        self._front = front
        self._delivery = delivery
        self._steps: dict[str, Callable[[Interaction, Step], Awaitable[None]]] = {
            "register": self._open_registration,
            "register:form": self._submit_registration,
            "balance": self._show_balance,
            "world": self._show_location,
            "history": self._show_history,
            "history:pick": self._show_order,
            "buy": self._show_catalogue,
            "buy:page": self._show_page,
            "buy:pick": self._pick_product,
            "buy:ask": self._change_quantity,
            "buy:count": self._submit_quantity,
            "buy:yes": self._buy,
            "buy:no": self._cancel,
        }

    async def serve(self, interaction: Interaction, step: Step) -> None:
        """Do what `step` asks for, and answer it. Raises what discord.py raises."""
        front = self._front()
        if not front.may_serve():
            text = _("⚠️ The shop is not available right now. Please try again later.")
            await self._notify(interaction, text)
            return
        try:
            await self._steps[step.name](interaction, step)
        except Refused as problem:
            await self._answer(interaction, self._refusal_panel(problem))
        except Unavailable:
            await self._notify(interaction, self._answers.unavailable())

    # --- the account ---

    async def _open_registration(self, interaction: Interaction, step: Step) -> None:
        known = await self._read_in_time(self._shop.read(member_api.registration, interaction.user.id))
        await self._open_modal(interaction, account_panels.register_modal(self._store.member_name_label, known))

    async def _submit_registration(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        handle = _field_value(interaction, account_panels.HANDLE)
        account = await self._shop.run(member_api.register, interaction.user.id, handle, self._shop.now_ms())
        panel = account_panels.registered_panel(account, self._store.member_name_label, self._shop.units)
        await self._answer(interaction, panel)

    async def _show_balance(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        account, entries = await self._shop.read(member_api.balance, interaction.user.id)
        await self._answer(interaction, account_panels.balance_panel(account, entries, self._shop.units))

    async def _show_location(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._answer(
            interaction, account_panels.location_panel(await self._shop.read(member_api.location, interaction.user.id))
        )

    async def _show_history(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        orders = await self._shop.read(member_api.orders, interaction.user.id)
        await self._answer(interaction, account_panels.history_panel(orders, self._shop.units))

    async def _show_order(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        purchase, items = await self._shop.read(member_api.order, interaction.user.id, _selected_number(interaction))
        goods = pack(purchase, items)
        await interaction.edit_original_response(content=goods.text, attachments=goods.files())

    # --- buying ---

    async def _show_catalogue(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._answer_catalogue(interaction, 0)

    async def _show_page(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        await self._answer_catalogue(interaction, step.numbers[0])

    async def _answer_catalogue(self, interaction: Interaction, page: int) -> None:
        account, products = await self._shop.read(member_api.catalogue, interaction.user.id)
        low_stock = self._store.low_stock
        await self._answer(
            interaction, purchase_panels.product_list_panel(account, products, page, self._shop.units, low_stock)
        )

    async def _pick_product(self, interaction: Interaction, step: Step) -> None:
        await self._open_quantity(interaction, _selected_number(interaction))

    async def _change_quantity(self, interaction: Interaction, step: Step) -> None:
        await self._open_quantity(interaction, step.numbers[0])

    async def _open_quantity(self, interaction: Interaction, product_id: int) -> None:
        product = await self._read_in_time(self._shop.read(member_api.product, interaction.user.id, product_id))
        await self._open_modal(interaction, purchase_panels.quantity_modal(product, self._shop.limits.max_quantity))

    async def _submit_quantity(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        quantity = purchase_panels.parse_quantity(_field_value(interaction, purchase_panels.QUANTITY))
        await self._ask_to_confirm(interaction, step.numbers[0], quantity)

    async def _ask_to_confirm(self, interaction: Interaction, product_id: int, quantity: int, note: str = "") -> None:
        """Ask for confirmation; what is confirmed is bought once, because it carries the id of this interaction."""
        try:
            offer = await self._shop.read(
                member_api.quote, interaction.user.id, product_id, quantity, self._shop.limits
            )
        except Refused as problem:
            await self._answer(interaction, self._refusal_panel(problem, product_id))
        else:
            await self._answer(
                interaction, purchase_panels.confirmation_panel(offer, interaction.id, self._shop.units, note)
            )

    async def _buy(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        order = purchase_panels.build_order(
            step.numbers, interaction.user.id, language.interaction_language(interaction)
        )
        try:
            receipt = await self._shop.run(member_api.buy, order, self._shop.limits, self._shop.now_ms())
        except refusals.PriceChanged as problem:
            note = self._answers.refusal(problem)
            await self._ask_to_confirm(interaction, order.product_id, order.quantity, note)
        except refusals.CooldownActive as problem:
            await self._notify(interaction, self._answers.refusal(problem))
        except Refused as problem:
            await self._answer(interaction, self._refusal_panel(problem, order.product_id))
        else:
            await self._answer_purchase(interaction, receipt)

    async def _answer_purchase(self, interaction: Interaction, receipt: Receipt) -> None:
        if receipt.is_repeat:
            # what the message says comes from the click that bought; only its buttons are of no use any more
            await interaction.edit_original_response(view=None)
            await interaction.followup.send(purchase_panels.already_bought_panel(receipt).text, ephemeral=True)
            return
        with self._delivery.delivering(receipt.purchase.id):
            outcome = await self._delivery.send(receipt.purchase, receipt.items)
            if outcome is Outcome.CLOSED and await self._show_goods(interaction, receipt):
                outcome = Outcome.SHOWN
        with locale.of_process():
            self._shop.purchased(receipt)
        await self._answer(
            interaction, purchase_panels.receipt_panel(receipt, _delivery_text(outcome), self._shop.units)
        )

    async def _show_goods(self, interaction: Interaction, receipt: Receipt) -> bool:
        """Show the goods to the member alone; return whether that could be done."""
        goods = pack(receipt.purchase, receipt.items)
        try:
            await interaction.followup.send(goods.text, files=goods.files(), ephemeral=True)
        except discord.HTTPException as error:
            with locale.of_process():
                log.info(
                    _("order %(order)s: cannot show the items in the channel either: %(error)s"),
                    {"order": goods.number, "error": error},
                )
            return False
        await self._delivery.mark_shown(receipt.purchase.id)
        return True

    async def _cancel(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        await self._answer(interaction, purchase_panels.cancelled_panel())

    # --- answering ---

    def _refusal_panel(self, problem: Refused, product_id: int | None = None) -> Panel:
        text = self._answers.refusal(problem)
        if isinstance(problem, refusals.NotRegistered):
            return account_panels.register_first_panel(text)
        return purchase_panels.refusal_panel(problem, text, product_id)

    async def _read_in_time(self, reading: Awaitable[Any]) -> Any:
        """Return what is read before a form is opened, in time. Raises Unavailable."""
        try:
            return await asyncio.wait_for(reading, READ_TIMEOUT_S)
        except TimeoutError as error:
            raise Unavailable(_("the database did not respond in time")) from error

    async def _open_modal(self, interaction: Interaction, form: Modal) -> None:
        await interaction.response.send_modal(build_modal(form))

    async def _notify(self, interaction: Interaction, text: str) -> None:
        """Say something for the moment: what the member's own message says stays, so that it can be tried again."""
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)

    async def _answer(self, interaction: Interaction, panel: Panel) -> None:
        """Let the member's own message say `panel`, or a new one where the click came from everybody's."""
        message = build_message(panel)
        if interaction.response.is_done():
            await interaction.edit_original_response(**message, attachments=[])
        elif message["view"] is None:
            await self._notify(interaction, panel.text)
        else:
            await interaction.response.send_message(message["content"], view=message["view"], ephemeral=True)


def _delivery_text(outcome: Outcome) -> str:
    """Say where the goods are."""
    return {
        Outcome.SENT: _("📬 Your items are in your direct messages."),
        Outcome.SHOWN: _("📭 Your direct messages are closed, so your items are shown below. Save them now."),
        Outcome.CLOSED: _(
            "📭 Your direct messages are closed. Open them to receive your items; History shows them too."
        ),
        Outcome.LATER: _("📨 Your items will arrive by direct message soon; History shows them too."),
    }[outcome]


def _field_value(interaction: Interaction, name: str) -> str:
    """Return what was filled in."""
    data: dict[str, Any] = dict(interaction.data or {})
    found: list[dict[str, Any]] = list(data.get("components") or ())
    while found:
        one = found.pop()
        if one.get("custom_id") == name:
            return str(one.get("value") or "")
        found += [*one.get("components", ()), *([one["component"]] if "component" in one else [])]
    return ""


def _selected_number(interaction: Interaction) -> int:
    """Return the number that was chosen in a list."""
    data: dict[str, Any] = dict(interaction.data or {})
    value = str((data.get("values") or ["0"])[0])
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0
