"""A member who uses the shop: clicks, chooses, fills in, and reads what is answered."""

from __future__ import annotations

from typing import Any

from tests.support.discord.control import DiscordControl, Json, controls
from tests.support.shop.shop import text

_V1 = "stocksup:v1:"
PICK = f"{_V1}buy:pick"
YES = f"{_V1}buy:yes:"
NO = f"{_V1}buy:no"
AGAIN = f"{_V1}buy:page:0"


class Customer:
    """One member of the local Discord."""

    def __init__(self, discord: DiscordControl, name: str) -> None:
        self.discord = discord
        self.name = name

    # --- single steps ---

    def click(self, button: str) -> Json:
        """Click a button of the live message; return how that ended."""
        return self._ended(self.discord.click(self.name, f"{_V1}{button}"))

    def ask(self, button: str) -> str:
        """Click a button of the live message; return all that is answered."""
        answer = self.click(button)
        assert answer["state"] == "answered", answer
        assert all(message["ephemeral"] for message in answer["messages"])
        return "\n".join(text(message) for message in answer["messages"])

    def press(self, message: Json, beginning: str) -> Json:
        """Click the button of a message whose custom id begins so; return how that ended."""
        return self._ended(self.begin_press(message, beginning))

    def begin_press(self, message: Json, beginning: str) -> str:
        """Click such a button; return the interaction's id."""
        found = button(message, beginning)
        assert found is not None, f"no {beginning} in {message}"
        return self.discord.click(self.name, found["custom_id"], message_id=message["id"])

    def fill(self, opened: Json, **values: str) -> Json:
        """Fill in the form that an interaction opened; return how that ended."""
        assert opened["modal"], opened
        return self._ended(self.discord.submit(self.name, opened["interaction_id"], values))

    def message(self, beginning: str) -> Json:
        """Return the newest message that has such a button or list, as soon as there is one."""
        return self.discord.wait_for_message(self.name, lambda message: button(message, beginning) is not None)

    def changed(self, message: Json) -> Json:
        """Return the message after its question has changed or disappeared."""
        before = button(message, YES)

        def is_changed(one: Json) -> bool:
            return bool(one["id"] == message["id"] and button(one, YES) != before)

        return self.discord.wait_for_message(self.name, is_changed)

    def sees(self, *words: str, channel: str = "toko") -> Json:
        """Return the newest message with all these words, as soon as there is one."""
        return self.discord.wait_for_message(
            self.name, lambda message: all(word in text(message) for word in words), channel=channel
        )

    def parcels(self) -> list[Json]:
        """Return the direct messages with goods."""
        return [message for message in self.discord.view(self.name, "dm") if "📦" in text(message)]

    # --- whole ways ---

    def register(self, handle: str) -> str:
        """Register; return what is answered."""
        return text(self.fill(self.click("register"), handle=handle)["messages"][0])

    def opens(self) -> Json:
        """Click Buy; return the message with the products."""
        [message] = self.click("buy")["messages"]
        found: Json = message
        return found

    def choose(self, product: str) -> Json:
        """Click Buy and choose a product; return the interaction, which has opened a form."""
        return self.pick(self.opens(), product)

    def pick(self, message: Json, product: str) -> Json:
        """Choose a product in such a message."""
        values = [one["value"] for one in options(message) if one["label"] == product]
        return self._ended(self.discord.select(self.name, PICK, values))

    def orders(self, product: str, quantity: str = "1") -> Json:
        """Go all the way until the confirmation is asked for; return that message."""
        self.fill(self.choose(product), quantity=quantity)
        return self.message(YES)

    def buys(self, product: str, quantity: str = "1") -> Json:
        """Buy; return what the question has become."""
        question = self.orders(product, quantity)
        self.press(question, YES)
        return self.changed(question)

    def _ended(self, interaction_id: str) -> Json:
        return self.discord.interaction(interaction_id, wait_s=8)


def button(message: Json, beginning: str) -> Any:
    """Return the button or list of a message whose custom id begins so, or None."""
    return next((one for one in controls(message) if (one.get("custom_id") or "").startswith(beginning)), None)


def options(message: Json) -> list[Json]:
    """Return what can be chosen in a message."""
    return [option for one in controls(message) for option in one.get("options", ())]
