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
from botapp.store import member_api as counter
from botapp.store.db.errors import Unavailable
from botapp.store.domain import refusals
from botapp.store.domain.records import Receipt
from botapp.store.domain.refusals import Refused
from botapp.ui.custom_ids import Step
from botapp.ui.members import account as visits
from botapp.ui.members import purchase as buying
from botapp.ui.members.components import message_of, modal_of
from botapp.ui.members.panel import Modal, Panel
from botapp.ui.members.refusals import Answers

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

#: how long may be looked into the books before a form has to be open, in seconds; Discord waits three
LOOK_TIMEOUT_S: Final = 2.0


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
            "register": self._register,
            "register:form": self._registered,
            "balance": self._balance,
            "world": self._world,
            "history": self._history,
            "history:pick": self._goods_again,
            "buy": self._buy,
            "buy:page": self._page,
            "buy:pick": self._pick,
            "buy:ask": self._ask,
            "buy:count": self._count,
            "buy:yes": self._confirmed,
            "buy:no": self._cancelled,
        }

    async def serve(self, interaction: Interaction, step: Step) -> None:
        """Do what `step` asks for, and answer it. Raises what discord.py raises."""
        front = self._front()
        if not front.may_serve():
            text = _("⚠️ The shop cannot serve you right now. Please try again in a little while.")
            await self._say(interaction, text)
            return
        try:
            await self._steps[step.name](interaction, step)
        except Refused as problem:
            await self._answer(interaction, self._refusal(problem))
        except Unavailable:
            await self._say(interaction, self._answers.unavailable())

    # --- the account ---

    async def _register(self, interaction: Interaction, step: Step) -> None:
        known = await self._look(self._shop.read(counter.registration, interaction.user.id))
        await self._open(interaction, visits.register_form(self._store.member_name_label, known))

    async def _registered(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        handle = _field(interaction, visits.HANDLE)
        account = await self._shop.run(counter.register, interaction.user.id, handle, self._shop.now_ms())
        panel = visits.registered(account, self._store.member_name_label, self._shop.units)
        await self._answer(interaction, panel)

    async def _balance(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        account, entries = await self._shop.read(counter.balance, interaction.user.id)
        await self._answer(interaction, visits.balance(account, entries, self._shop.units))

    async def _world(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._answer(interaction, visits.place(await self._shop.read(counter.location, interaction.user.id)))

    async def _history(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        orders = await self._shop.read(counter.orders, interaction.user.id)
        await self._answer(interaction, visits.history(orders, self._shop.units))

    async def _goods_again(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        purchase, items = await self._shop.read(counter.order, interaction.user.id, _chosen(interaction))
        goods = pack(purchase, items)
        await interaction.edit_original_response(content=goods.text, attachments=goods.files())

    # --- buying ---

    async def _buy(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._choose(interaction, 0)

    async def _page(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        await self._choose(interaction, step.numbers[0])

    async def _choose(self, interaction: Interaction, page: int) -> None:
        account, products = await self._shop.read(counter.catalogue, interaction.user.id)
        low_stock = self._store.low_stock
        await self._answer(interaction, buying.choose(account, products, page, self._shop.units, low_stock))

    async def _pick(self, interaction: Interaction, step: Step) -> None:
        await self._ask_how_many(interaction, _chosen(interaction))

    async def _ask(self, interaction: Interaction, step: Step) -> None:
        await self._ask_how_many(interaction, step.numbers[0])

    async def _ask_how_many(self, interaction: Interaction, product_id: int) -> None:
        product = await self._look(self._shop.read(counter.product, interaction.user.id, product_id))
        await self._open(interaction, buying.ask(product, self._shop.limits.max_quantity))

    async def _count(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        quantity = buying.quantity_of(_field(interaction, buying.QUANTITY))
        await self._offer(interaction, step.numbers[0], quantity)

    async def _offer(self, interaction: Interaction, product_id: int, quantity: int, note: str = "") -> None:
        """Ask for confirmation; what is confirmed is bought once, because it carries the id of this interaction."""
        try:
            offer = await self._shop.read(counter.quote, interaction.user.id, product_id, quantity, self._shop.limits)
        except Refused as problem:
            await self._answer(interaction, self._refusal(problem, product_id))
        else:
            await self._answer(interaction, buying.confirm(offer, interaction.id, self._shop.units, note))

    async def _confirmed(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        order = buying.order_of(step.numbers, interaction.user.id, language.interaction_language(interaction))
        try:
            receipt = await self._shop.run(counter.buy, order, self._shop.limits, self._shop.now_ms())
        except refusals.PriceChanged as problem:
            note = self._answers.refusal(problem)
            await self._offer(interaction, order.product_id, order.quantity, note)
        except refusals.CooldownActive as problem:
            await self._say(interaction, self._answers.refusal(problem))
        except Refused as problem:
            await self._answer(interaction, self._refusal(problem, order.product_id))
        else:
            await self._bought(interaction, receipt)

    async def _bought(self, interaction: Interaction, receipt: Receipt) -> None:
        if receipt.is_repeat:
            # what the message says comes from the click that bought; only its buttons are of no use any more
            await interaction.edit_original_response(view=None)
            await interaction.followup.send(buying.bought_before(receipt).text, ephemeral=True)
            return
        with self._delivery.delivering(receipt.purchase.id):
            outcome = await self._delivery.send(receipt.purchase, receipt.items)
            if outcome is Outcome.CLOSED and await self._show(interaction, receipt):
                outcome = Outcome.SHOWN
        with locale.of_process():
            self._shop.purchased(receipt)
        await self._answer(interaction, buying.bought(receipt, _where(outcome), self._shop.units))

    async def _show(self, interaction: Interaction, receipt: Receipt) -> bool:
        """Show the goods to the member alone; return whether that could be done."""
        goods = pack(receipt.purchase, receipt.items)
        try:
            await interaction.followup.send(goods.text, files=goods.files(), ephemeral=True)
        except discord.HTTPException as error:
            with locale.of_process():
                log.info(_("order %(order)s cannot be shown either: %(why)s"), {"order": goods.number, "why": error})
            return False
        await self._delivery.mark_shown(receipt.purchase.id)
        return True

    async def _cancelled(self, interaction: Interaction, step: Step) -> None:
        await interaction.response.defer()
        await self._answer(interaction, buying.cancelled())

    # --- answering ---

    def _refusal(self, problem: Refused, product_id: int | None = None) -> Panel:
        text = self._answers.refusal(problem)
        if isinstance(problem, refusals.NotRegistered):
            return visits.register_first(text)
        return buying.way_on(problem, text, product_id)

    async def _look(self, reading: Awaitable[Any]) -> Any:
        """Return what is read before a form is opened, in time. Raises Unavailable."""
        try:
            return await asyncio.wait_for(reading, LOOK_TIMEOUT_S)
        except TimeoutError as error:
            raise Unavailable(_("the database does not answer in time")) from error

    async def _open(self, interaction: Interaction, form: Modal) -> None:
        await interaction.response.send_modal(modal_of(form))

    async def _say(self, interaction: Interaction, text: str) -> None:
        """Say something for the moment: what the member's own message says stays, so that it can be tried again."""
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)

    async def _answer(self, interaction: Interaction, panel: Panel) -> None:
        """Let the member's own message say `panel`, or a new one where the click came from everybody's."""
        message = message_of(panel)
        if interaction.response.is_done():
            await interaction.edit_original_response(**message, attachments=[])
        elif message["view"] is None:
            await self._say(interaction, panel.text)
        else:
            await interaction.response.send_message(message["content"], view=message["view"], ephemeral=True)


def _where(outcome: Outcome) -> str:
    """Say where the goods are."""
    return {
        Outcome.SENT: _("📬 The goods are in your direct messages."),
        Outcome.SHOWN: _("📭 You take no direct messages, so the goods are shown below. Save them now."),
        Outcome.CLOSED: _("📭 You take no direct messages. Allow them, and the goods come; History shows them too."),
        Outcome.LATER: _("📨 The goods come by direct message in a little while; History shows them too."),
    }[outcome]


def _field(interaction: Interaction, name: str) -> str:
    """Return what was filled in."""
    data: dict[str, Any] = dict(interaction.data or {})
    found: list[dict[str, Any]] = list(data.get("components") or ())
    while found:
        one = found.pop()
        if one.get("custom_id") == name:
            return str(one.get("value") or "")
        found += [*one.get("components", ()), *([one["component"]] if "component" in one else [])]
    return ""


def _chosen(interaction: Interaction) -> int:
    """Return the number that was chosen in a list."""
    data: dict[str, Any] = dict(interaction.data or {})
    value = str((data.get("values") or ["0"])[0])
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0
