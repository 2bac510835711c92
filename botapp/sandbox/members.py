"""What members do and see: they write, click, choose, fill in forms, and look at a channel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from botapp.sandbox import ids
from botapp.sandbox.world import FIRST_ANSWER_S, Channel, Interaction, Message, ResponseKind, World

_MAX_CONTENT: Final = 2000


class Kind(IntEnum):
    """Kinds of interactions."""

    COMMAND = 2
    COMPONENT = 3
    MODAL_SUBMIT = 5


class CannotDo(Exception):
    """A member cannot do that. `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


class Members:
    """The members' hands and eyes in a world. All raise CannotDo for what a real member could not do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(self, member: str, channel: str, content: str) -> Message:
        """Write a message; `channel` is a name, an id or `dm`."""
        user_id, place = self._at(member, channel)
        if not 0 < len(content) <= _MAX_CONTENT:
            raise CannotDo(f"a message has 1 to {_MAX_CONTENT} characters", 400)
        return self._world.create_message(place.id, user_id, content)

    def click(self, member: str, message_id: int, custom_id: str) -> Interaction:
        """Click a button."""
        return self._use(member, message_id, custom_id, {2}, {})

    def select(self, member: str, message_id: int, custom_id: str, values: list[str]) -> Interaction:
        """Choose in a list."""
        return self._use(member, message_id, custom_id, {3}, {"values": values})

    def submit(self, member: str, interaction_id: int, values: Mapping[str, str]) -> Interaction:
        """Fill in the form that an interaction opened, and send it. `values`: custom id -> text."""
        record = self.interaction(interaction_id)
        if record.modal is None or record.user_id != self._member(member):
            raise CannotDo(f"interaction {interaction_id} opened no form for {member}")
        if record.modal_consumed:
            raise CannotDo("the form was sent already")
        fields: set[str] = set()
        components = [_filled(component, values, fields) for component in record.modal["components"]]
        unknown = sorted(values.keys() - fields)
        if unknown:
            raise CannotDo(f"the form has no field {unknown[0]!r}", 400)
        record.modal_consumed = True
        data = {"custom_id": record.modal["custom_id"], "components": components}
        source = self._world.messages[record.channel_id].get(record.source_message_id or 0)
        channel = self._world.get_channel(record.channel_id)
        return self._world.interact(Kind.MODAL_SUBMIT, channel, record.user_id, data, source)

    def command(self, member: str, channel: str, name: str, options: Mapping[str, Any]) -> Interaction:
        """Use a slash command, `group sub` for a subcommand; `options`: name -> value."""
        user_id, place = self._at(member, channel)
        root, *path = name.split()
        visible = self._world.visible_commands(user_id=user_id, channel_id=place.id)
        command = next((known for known in visible if known["name"] == root), None)
        if command is None:
            raise CannotDo(f"{member} sees no command /{root} in {channel}", 404)
        data = {
            "id": command["id"],
            "name": root,
            "type": 1,
            "options": _options(command, path, options),
            "resolved": {},
        }
        return self._world.interact(Kind.COMMAND, place, user_id, data)

    def view(self, member: str, channel: str) -> list[dict[str, Any]]:
        """Return the messages a member sees in a channel, oldest first."""
        user_id, place = self._at(member, channel)
        messages = sorted(self._world.messages[place.id].values(), key=lambda message: message.id)
        return [self._shown(message) for message in messages if self._world.visible(message, user_id)]

    def status(self, interaction_id: int) -> dict[str, Any]:
        """Return how an interaction stands for the member who began it.

        `state` is `pending`, `deferred` ("thinking …"), `answered`, or `failed` (nothing came in time).
        """
        record = self.interaction(interaction_id)
        answers = [] if record.message_id == record.source_message_id else [record.message_id]
        known = self._world.messages.get(record.channel_id, {})
        shown = [known[one] for one in [*answers, *record.followup_ids] if one is not None and one in known]
        return {
            "interaction_id": str(record.id),
            "state": state_of(record, self._world.age_ms(record)),
            "kind": record.response_kind,
            "ack_ms": self._world.acks_ms.get(record.id),
            "messages": [self._shown(message) for message in shown],
            "modal": record.modal,
        }

    def interaction(self, interaction_id: int) -> Interaction:
        """Return a known interaction."""
        record = self._world.interactions.get(interaction_id)
        if record is None:
            raise CannotDo(f"no interaction {interaction_id} is known", 404)
        return record

    def message(self, message_id: int) -> Message:
        """Return a message by its id, wherever it is."""
        for messages in self._world.messages.values():
            if message_id in messages:
                return messages[message_id]
        raise CannotDo(f"there is no message {message_id}", 404)

    def channel(self, member: str, name: str) -> Channel:
        """Return a channel by name or id; `dm` is the member's direct messages with the bot."""
        if name == "dm":
            return self._world.get_dm_channel(self._member(member))
        channel_id = ids.CHANNELS.get(name) or (int(name) if name.isdecimal() else 0)
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise CannotDo(f"there is no channel {name!r}; known: {', '.join(ids.CHANNELS)}, dm", 404)
        return channel

    def who_sees(self, channel_id: int) -> list[str]:
        """Return the names of the members who can see a channel."""
        return [name for name, user_id in ids.MEMBERS.items() if self._world.readable(channel_id, user_id)]

    def _at(self, member: str, channel: str) -> tuple[int, Channel]:
        user_id, place = self._member(member), self.channel(member, channel)
        if not self._world.readable(place.id, user_id):
            raise CannotDo(f"{member} cannot see the channel {channel}", 403)
        return user_id, place

    def _member(self, name: str) -> int:
        if name not in ids.MEMBERS:
            raise CannotDo(f"there is no member {name!r}; known: {', '.join(ids.MEMBERS)}", 404)
        return ids.MEMBERS[name]

    def _use(self, member: str, message_id: int, custom_id: str, types: set[int], extra: dict[str, Any]) -> Interaction:
        user_id, message = self._member(member), self.message(message_id)
        if not self._world.visible(message, user_id):
            raise CannotDo(f"{member} cannot see the message {message_id}", 403)
        found = [one for one in self._world.components_of(message) if one.get("custom_id") == custom_id]
        component = next((one for one in found if one["type"] in types), None)
        if component is None:
            raise CannotDo(f"the message {message_id} has no such control as {custom_id!r}", 404)
        if component.get("disabled"):
            raise CannotDo(f"{custom_id!r} is switched off")
        choices = {option["value"] for option in component.get("options", ())}
        if not set(extra.get("values", ())) <= choices:
            raise CannotDo(f"{custom_id!r} offers only {sorted(choices)}", 400)
        data = {"custom_id": custom_id, "component_type": component["type"], "id": component.get("id", 0), **extra}
        channel = self._world.get_channel(message.channel_id)
        return self._world.interact(Kind.COMPONENT, channel, user_id, data, message)

    def _shown(self, message: Message) -> dict[str, Any]:
        payload = self._world.payload(message)
        return payload | {
            "author_name": payload["author"]["global_name"],
            "ephemeral": message.is_ephemeral,
            "loading": self._world.is_loading(message),
        }


def state_of(record: Interaction, age_ms: float) -> str:
    """Return the state of an interaction that began `age_ms` ago, as its member sees it."""
    if not record.responded:
        return "failed" if age_ms >= FIRST_ANSWER_S * 1000 else "pending"
    return "deferred" if record.response_kind == ResponseKind.DEFERRED else "answered"


def ack_over(state: str) -> bool:
    """Say whether the wait for the bot's first answer is over in this state."""
    return state != "pending"


def answer_over(state: str) -> bool:
    """Say whether the wait for the bot's whole answer is over in this state."""
    return state in ("answered", "failed")


def _filled(component: Mapping[str, Any], values: Mapping[str, str], fields: set[str]) -> dict[str, Any]:
    filled = {key: component[key] for key in ("type", "id") if key in component}
    if "custom_id" in component:
        custom_id = component["custom_id"]
        fields.add(custom_id)
        text = values.get(custom_id, component.get("value") or "")
        if component.get("required", True) and not text:
            raise CannotDo(f"the field {custom_id!r} is required", 400)
        if len(text) > component.get("max_length", 4000) or len(text) < (component.get("min_length") or 0):
            raise CannotDo(f"the field {custom_id!r} is too long or too short", 400)
        chosen: dict[str, Any] = {"values": [text]} if component["type"] == 3 else {"value": text}
        return filled | {"custom_id": custom_id, **chosen}
    if "component" in component:
        return filled | {"component": _filled(component["component"], values, fields)}
    return filled | {"components": [_filled(child, values, fields) for child in component.get("components", ())]}


def _options(node: Mapping[str, Any], path: list[str], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    declared = {option["name"]: option for option in node.get("options") or ()}
    if path:
        child = declared.get(path[0])
        if child is None:
            raise CannotDo(f"the command has no part {path[0]!r}", 404)
        return [{"name": path[0], "type": child["type"], "options": _options(child, path[1:], given)}]
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise CannotDo(f"the command has no option {unknown[0]!r}; it has {sorted(declared)}", 400)
    missing = [name for name, option in declared.items() if option.get("required") and name not in given]
    if missing:
        raise CannotDo(f"the option {missing[0]!r} is required", 400)
    return [{"name": name, "type": declared[name]["type"], "value": value} for name, value in given.items()]
