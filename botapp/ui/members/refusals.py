"""Refusals of the shop as texts. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from botapp.locale import _
from botapp.store.domain import refusals
from botapp.store.domain.identity import parse_user_id
from botapp.store.domain.money import (
    MAX_AMOUNT,
    AmountTooLarge,
    Denomination,
    InvalidAmount,
    MissingAmount,
    UnclearAmount,
)
from botapp.store.domain.records import order_number
from botapp.store.domain.refusals import Refused
from botapp.store.domain.rules import MAX_CODE_CHARS, MAX_HANDLE_CHARS, MIN_HANDLE_CHARS
from botapp.ui.formatting import format_amount, format_number, format_time, quote


class Answers:
    """Renders refusals with the currency and the member name label of the shop."""

    def __init__(self, units: Sequence[Denomination], member_name_label: str) -> None:
        """`units` are the denominations; `member_name_label` is the shop's word for the member name."""
        self._units = units
        self._member_name_label = member_name_label

    def refusal(self, problem: Refused) -> str:
        """Return `problem` as text, in the language in use."""
        return (
            self._of_access(problem)
            or self._of_name(problem)
            or self._of_buying(problem)
            or self._of_admins(problem)
            or str(problem)
        )

    def unavailable(self) -> str:
        """Return the answer while the database is unavailable."""
        return _("⚠️ The shop's database is not available right now. Nothing was changed. Please try again in a moment.")

    def outcome_unknown(self) -> str:
        """Return the answer to a member if the database did not say whether it has stored the change."""
        return _(
            "⚠️ The shop's database did not answer in time, so it is not known whether this was done. Look at Balance "
            "and History. You can confirm an order again: it is never charged twice."
        )

    def outcome_unknown_to_admin(self) -> str:
        """Return the answer to an admin if the database did not say whether it has stored the change."""
        return _(
            "⚠️ The shop's database did not answer in time, so it is not known whether this was done. Look at "
            "`adminlog` before you repeat the command."
        )

    def done_without_answer(self) -> str:
        """Return the answer to an admin if the command was done, but its own answer failed."""
        return _(
            "✅ This was done, but something failed afterwards. Do not repeat the command; `adminlog` shows what was "
            "done."
        )

    def invalid_amount(self, problem: InvalidAmount) -> str:
        """Return the answer to a text that is not an amount."""
        if isinstance(problem, UnclearAmount):
            text = _("❌ It is not clear where the price in %s ends. Put the description in quotes.")
            return text % quote(problem.part[:50])
        if isinstance(problem, AmountTooLarge):
            text = _("❌ %(part)s is too much: the largest amount is %(largest)s.")
            return text % {"part": quote(problem.part[:50]), "largest": format_amount(MAX_AMOUNT, self._units)}
        example = format_amount(max(unit.value for unit in self._units) + 50, self._units)
        text = _("❌ %(part)s is not a valid amount. Write whole numbers, like this: %(example)s, or 150.")
        if isinstance(problem, MissingAmount):
            text += " " + _("Put a name with spaces in quotes.")
        return text % {"part": quote(problem.part[:50]), "example": quote(example)}

    def _of_access(self, problem: Refused) -> str | None:
        match problem:
            case refusals.Maintenance(reason=reason):
                text = _("🛠️ The shop is closed for maintenance. Please come back later.")
                return f"{text}\n{reason}" if reason else text
            case refusals.Blacklisted():
                # the reason is for the admins
                return _("⛔ You are banned from this shop. Please ask an admin.")
            case refusals.NotRegistered():
                text = _("📝 You have no account yet. Click Register and enter your %(label)s.")
                return text % {"label": self._member_name_label}
        return None

    def _of_name(self, problem: Refused) -> str | None:
        label = {"label": self._member_name_label}
        match problem:
            case refusals.InvalidHandle(reason="user_id"):
                return (
                    _("❌ The %(label)s cannot be a number of 17 to 20 digits: those are IDs of Discord users.") % label
                )
            case refusals.InvalidHandle(reason="scripts"):
                return (
                    _("❌ The %(label)s mixes letters of different alphabets, some of which look alike. Use one.")
                    % label
                )
            case refusals.InvalidHandle():
                text = _("❌ The %(label)s must have %(least)d to %(most)d characters: letters, digits, . _ -")
                return text % {**label, "least": MIN_HANDLE_CHARS, "most": MAX_HANDLE_CHARS}
            case refusals.HandleTaken(handle=handle):
                text = _("❌ %(member)s is already taken. If it is yours, please ask an admin.")
                return text % {"member": quote(handle)}
            case refusals.HandleReserved(until_ms=until_ms):
                text = _("❌ Another member gave up this %(label)s a short time ago. It is available again %(time)s.")
                return text % {**label, "time": format_time(until_ms)}
            case refusals.TooManyHandles(until_ms=until_ms):
                text = _("❌ You have changed your %(label)s too often. You can change it again %(time)s.")
                return text % {**label, "time": format_time(until_ms)}
        return None

    def _of_buying(self, problem: Refused) -> str | None:
        match problem:
            case refusals.InvalidQuantity(max_quantity=largest):
                return _("❌ The quantity must be a number from 1 to %s.") % format_number(largest)
            case refusals.CooldownActive(wait_s=wait_s):
                return _("⏳ Please wait: you can buy again in %d s.") % math.ceil(wait_s)
            case refusals.BalanceChanged(confirmed_balance=confirmed, current_balance=now):
                text = _(
                    "💰 The balance has changed from %(confirmed)s to %(now)s, so nothing was done. Please check again."
                )
                params = {"confirmed": format_amount(confirmed, self._units), "now": format_amount(now, self._units)}
                return text % params
            case refusals.PriceChanged(confirmed_price=confirmed, current_price=now):
                text = _(
                    "🏷️ The price has changed from %(confirmed)s to %(now)s, so nothing was bought. Please check again."
                )
                params = {"confirmed": format_amount(confirmed, self._units), "now": format_amount(now, self._units)}
                return text % params
            case refusals.SoldOut(available=0):
                return _("📦 This product has just sold out. You paid nothing.")
            case refusals.SoldOut(available=left):
                return _("📦 Only %s left, so nothing was bought. Would you like fewer?") % format_number(left)
            case refusals.InsufficientBalance(needed=needed, balance=balance):
                text = _("💰 %(needed)s are needed and the balance is %(balance)s: %(missing)s short.")
                amounts = {"needed": needed, "balance": balance, "missing": needed - balance}
                return text % {name: format_amount(value, self._units) for name, value in amounts.items()}
            case refusals.NoSuchProduct(code=""):
                return _("📦 This product is no longer for sale.")
        return None

    def _of_admins(self, problem: Refused) -> str | None:
        match problem:
            case refusals.NoSuchProduct(code=code):
                return _("❌ There is no product %s. `products` lists all products.") % quote(code)
            case refusals.NoSuchAccount(handle=handle) if (user_id := parse_user_id(handle)) is not None:
                return _("❌ <@%d> has no account yet. Ask them to click Register under the live message.") % user_id
            case refusals.NoSuchAccount(handle=handle):
                text = _(
                    "❌ No member is registered as %(text)s. Write the %(label)s that they registered with, a mention "
                    "or the Discord ID."
                )
                return text % {"text": quote(handle), "label": self._member_name_label}
            case refusals.StockTooSmall(code=code, available=left):
                text = _("❌ Nothing was taken out: the stock of %(code)s is %(stock)s.")
                return text % {"code": quote(code), "stock": format_number(left)}
            case refusals.CodeTaken(code=code):
                return _("❌ Product %s already exists.") % quote(code)
            case refusals.InvalidCode():
                text = _("❌ A code has 1 to %d characters: letters, digits, . _ - (no spaces).")
                return text % MAX_CODE_CHARS
            case refusals.InvalidText(field="name", max_chars=most):
                return _("❌ A name has 1 to %d characters.") % most
            case refusals.InvalidText(max_chars=most):
                return _("❌ A description has at most %d characters.") % most
            case refusals.ProductInStock(code=code, count=count):
                text = _("❌ %(code)s still has %(count)s in stock. Remove the items first with `reducestock`.")
                return text % {"code": quote(code), "count": format_number(count)}
            case refusals.AmountOutOfRange(amount=given):
                return (
                    _("❌ A balance cannot be that large.")
                    if given > 0
                    else _("❌ The amount must be greater than zero.")
                )
            case refusals.NoSuchPurchase(purchase_id=purchase_id):
                return _("❌ There is no order %s.") % order_number(purchase_id)
            case refusals.AlreadyRefunded(purchase_id=purchase_id):
                return _("❌ Order %s has already been refunded. Nothing was changed.") % order_number(purchase_id)
            case refusals.AmbiguousUser(text=given, user_id=user_id):
                text = _(
                    "❌ %(text)s is the ID of one user and the %(label)s of another, <@%(user)d>. Please use a mention."
                )
                return text % {"text": quote(given), "label": self._member_name_label, "user": user_id}
            case refusals.AlreadyDone(done=done):
                text = _("✅ This was already done %(time)s, so nothing was changed now: %(action)s")
                what = f"{quote(done.action)} {quote(done.detail) if done.detail else ''}".rstrip()
                return text % {"time": format_time(done.at_ms), "action": what}
            case refusals.NotBlacklisted():
                return _("❌ This user is not on the blacklist.")
        return None
