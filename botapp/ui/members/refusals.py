"""What is answered when the shop refuses something: each kind of refusal in a sentence of its own. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from botapp.locale import _
from botapp.store.domain import refusals
from botapp.store.domain.money import Denomination, InvalidAmount
from botapp.store.domain.records import order_number
from botapp.store.domain.refusals import Refused
from botapp.store.domain.rules import MAX_CODE_CHARS, MAX_HANDLE_CHARS, MIN_HANDLE_CHARS
from botapp.ui.formatting import format_amount, format_number, quote


class Answers:
    """Says refusals with the shop's own words for its money and its handles."""

    def __init__(self, units: Sequence[Denomination], member_name_label: str) -> None:
        """`units` are the denominations; `member_name_label` is what members call their handle."""
        self._units = units
        self._member_name_label = member_name_label

    def refusal(self, problem: Refused) -> str:
        """Return `problem` for who asked, in the language in use."""
        return self._of_access(problem) or self._of_buying(problem) or self._of_admins(problem) or str(problem)

    def unavailable(self) -> str:
        """Return what is said while the database cannot be used."""
        return _("⚠️ The shop cannot reach its books right now, and nothing was changed. Please try again in a moment.")

    def not_an_amount(self, problem: InvalidAmount) -> str:
        """Return what is said about a text that is no amount."""
        example = format_amount(max(unit.value for unit in self._units) + 50, self._units)
        text = _("❌ %(part)s is no amount. Write it like this: %(example)s, or 150.")
        return text % {"part": quote(problem.part[:50]), "example": quote(example)}

    def _of_access(self, problem: Refused) -> str | None:
        match problem:
            case refusals.Maintenance(reason=reason):
                text = _("🛠️ The shop is closed for maintenance. Please come back in a little while.")
                return f"{text}\n{reason}" if reason else text
            case refusals.Blacklisted(reason=reason):
                text = _("⛔ You may not use this shop. Please ask an admin.")
                return f"{text}\n{reason}" if reason else text
            case refusals.NotRegistered():
                text = _("📝 You have no account yet. Click Register first, and give your %(handle)s.")
                return text % {"handle": self._member_name_label}
            case refusals.InvalidHandle():
                text = _("❌ A %(handle)s has %(least)d to %(most)d letters, digits, or the characters . _ -")
                facts = {"handle": self._member_name_label, "least": MIN_HANDLE_CHARS, "most": MAX_HANDLE_CHARS}
                return text % facts
            case refusals.HandleTaken(handle=handle):
                text = _("❌ %(value)s belongs to somebody else already. If it is yours, please ask an admin.")
                return text % {"value": quote(handle)}
        return None

    def _of_buying(self, problem: Refused) -> str | None:
        match problem:
            case refusals.InvalidQuantity(max_quantity=largest):
                return _("❌ How many? Please give a number from 1 to %s.") % format_number(largest)
            case refusals.CooldownActive(wait_s=wait_s):
                return _("⏳ One moment: you can buy again in %d s.") % math.ceil(wait_s)
            case refusals.PriceChanged(confirmed_price=confirmed, current_price=now):
                text = _("🏷️ The price has changed from %(confirmed)s to %(now)s, so nothing was bought. Look again?")
                facts = {"confirmed": format_amount(confirmed, self._units), "now": format_amount(now, self._units)}
                return text % facts
            case refusals.SoldOut(available=0):
                return _("📦 Sold out just now. You have paid nothing.")
            case refusals.SoldOut(available=left):
                return _("📦 Only %s left just now, so nothing was bought. Take fewer?") % format_number(left)
            case refusals.InsufficientBalance(needed=needed, balance=balance):
                text = _("💰 That is %(needed)s, and the balance is %(balance)s: %(missing)s are missing.")
                amounts = {"needed": needed, "balance": balance, "missing": needed - balance}
                return text % {name: format_amount(value, self._units) for name, value in amounts.items()}
            case refusals.NoSuchProduct(code=""):
                return _("📦 This product is no longer on sale.")
        return None

    def _of_admins(self, problem: Refused) -> str | None:
        match problem:
            case refusals.NoSuchProduct(code=code):
                return _("❌ There is no product %s. `products` lists them.") % quote(code)
            case refusals.NoSuchAccount(handle=handle):
                return _("❌ Nobody is registered as %s.") % quote(handle)
            case refusals.CodeTaken(code=code):
                return _("❌ There is a product %s already.") % quote(code)
            case refusals.InvalidCode():
                text = _("❌ A code has 1 to %d letters, digits, or the characters . _ - and no spaces.")
                return text % MAX_CODE_CHARS
            case refusals.InvalidText(field="name", max_chars=most):
                return _("❌ A name has 1 to %d characters.") % most
            case refusals.InvalidText(max_chars=most):
                return _("❌ A description has at most %d characters.") % most
            case refusals.ProductInStock(code=code, count=pieces):
                text = _("❌ %(code)s still has %(pieces)s in stock. Take them out first: `reducestock`.")
                return text % {"code": quote(code), "pieces": format_number(pieces)}
            case refusals.AmountOutOfRange(amount=given):
                return _("❌ No balance can be that large.") if given > 0 else _("❌ The amount has to be above zero.")
            case refusals.NoSuchPurchase(purchase_id=purchase_id):
                return _("❌ There is no order %s.") % order_number(purchase_id)
            case refusals.AlreadyRefunded(purchase_id=purchase_id):
                return _("❌ Order %s was refunded before; nothing was done.") % order_number(purchase_id)
            case refusals.NotBlacklisted():
                return _("❌ This user is not on the blacklist.")
        return None
