"""The steps of members. Each step is acknowledged first, then done, then answered.

Nothing is kept in memory between two steps: their state is in the custom ids and in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import discord

from botapp import locale
from botapp.config.settings import Store
from botapp.discord_api import language
from botapp.discord_api.http_calls import replayed_application
from botapp.interactions.dispatcher import NotAnswered
from botapp.locale import _
from botapp.runtime.context import ShopContext
from botapp.services.fulfilment.delivery import DeliveryService, Outcome
from botapp.services.fulfilment.package import pack
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.store import member_api
from botapp.store.db.errors import OutcomeUnknown, Unavailable
from botapp.store.domain import refusals
from botapp.store.domain.records import Receipt
from botapp.store.domain.refusals import Refused
from botapp.ui.custom_ids import Step
from botapp.ui.members import account as account_panels
from botapp.ui.members import purchase as purchase_panels
from botapp.ui.members.components import build_message, build_modal, build_new_message
from botapp.ui.members.panel import Modal, Panel
from botapp.ui.members.refusals import Answers

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

#: time limit for database reads before a modal opens, in seconds; Discord waits three
READ_TIMEOUT_S: Final = 2.0


class MemberFlows:
    """Runs the steps of members."""

    def __init__(
        self, shop: ShopContext, store: Store, front: Callable[[], LiveMessageUpdater], delivery: DeliveryService
    ) -> None:
        """`front` returns the updater of the live message; `delivery` delivers purchased items."""
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
        """Run `step` and answer it. Raises the errors of discord.py."""
        front = self._front()
        if not front.may_serve():
            text = _("⚠️ The shop is not available right now. Please try again later.")
            await self._notify(interaction, text)
            return
        try:
            await self._steps[step.name](interaction, step)
        except Refused as problem:
            await self._answer(interaction, self._refusal_panel(problem))
        except OutcomeUnknown:
            await self._notify(interaction, self._answers.outcome_unknown())
        except Unavailable:
            await self._notify(interaction, self._answers.unavailable())

    # --- the account ---

    async def _open_registration(self, interaction: Interaction, step: Step) -> None:
        account = await self._read_in_time(self._shop.read(member_api.registration, interaction.user.id))
        await self._open_modal(interaction, account_panels.register_modal(self._store.member_name_label, account))

    async def _submit_registration(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        handle = _field_value(interaction, account_panels.HANDLE)
        account = await self._shop.run(member_api.register, interaction.user.id, handle, self._shop.now_ms())
        panel = account_panels.registered_panel(account, self._store.member_name_label, self._shop.units)
        with _done(panel):
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
        """Ask for confirmation. The id of this interaction becomes the key of the order, so it is bought only once."""
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
        if receipt.is_repeat and replayed_application.get() is not None:
            # the process that bought died before it could answer; the delivery is in the outbox
            with _done(purchase_panels.bought_panel(receipt, self._shop.units)):
                text = _delivery_text(Outcome.LATER)
                await self._answer(interaction, purchase_panels.receipt_panel(receipt, text, self._shop.units))
            return
        if receipt.is_repeat:
            panel = purchase_panels.already_bought_panel(receipt)
            with _done(panel):
                # the first click writes the receipt into this message; only remove the buttons
                await interaction.edit_original_response(view=None)
                await interaction.followup.send(**build_new_message(panel), ephemeral=True)
            return
        with _done(purchase_panels.bought_panel(receipt, self._shop.units)):
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
        """Show the items to the member in the channel; return whether that was possible."""
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
        """Return the result of a read, within the time limit for opening a modal. Raises Unavailable."""
        try:
            return await asyncio.wait_for(reading, READ_TIMEOUT_S)
        except TimeoutError as error:
            raise Unavailable(_("the database did not respond in time")) from error

    async def _open_modal(self, interaction: Interaction, modal: Modal) -> None:
        await interaction.response.send_modal(build_modal(modal))

    async def _notify(self, interaction: Interaction, text: str) -> None:
        """Send a text in a new message; the member's panel stays, so that the step can be retried."""
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)

    async def _answer(self, interaction: Interaction, panel: Panel) -> None:
        """Show `panel` in the member's own message, or in a new one after a click on the live message."""
        message = build_message(panel)
        if interaction.response.is_done():
            await interaction.edit_original_response(**message, attachments=[])
        elif message["view"] is None:
            await self._notify(interaction, panel.text)
        else:
            await interaction.response.send_message(message["content"], view=message["view"], ephemeral=True)


@contextmanager
def _done(panel: Panel) -> Iterator[None]:
    """Turn whatever fails in this block into `NotAnswered`: the shop was changed, and `panel` says so."""
    try:
        yield
    except Exception as error:
        raise NotAnswered(panel, error) from error


def _delivery_text(outcome: Outcome) -> str:
    """Return where the items are, as text."""
    return {
        Outcome.SENT: _("📬 Your items are in your direct messages."),
        Outcome.SHOWN: _("📭 Your direct messages are closed, so your items are shown below. Save them now."),
        Outcome.CLOSED: _(
            "📭 Your direct messages are closed. Open them to receive your items; History shows them too."
        ),
        Outcome.LATER: _("📨 Your items will arrive by direct message soon; History shows them too."),
    }[outcome]


def _field_value(interaction: Interaction, name: str) -> str:
    """Return the value of a modal's field."""
    data: dict[str, Any] = dict(interaction.data or {})
    pending: list[dict[str, Any]] = list(data.get("components") or ())
    while pending:
        component = pending.pop()
        if component.get("custom_id") == name:
            return str(component.get("value") or "")
        pending += [*component.get("components", ()), *([component["component"]] if "component" in component else [])]
    return ""


def _selected_number(interaction: Interaction) -> int:
    """Return the selected number."""
    data: dict[str, Any] = dict(interaction.data or {})
    value = str((data.get("values") or ["0"])[0])
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0
