"""What members do and see: they write, click, choose, fill in forms, and look at a channel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from botapp.local_discord import ids
from botapp.local_discord.world.slash_options import BadOption, interaction_data, offered, resolve
from botapp.local_discord.world.world import (
    FIRST_ANSWER_S,
    Channel,
    Interaction,
    Message,
    ResponseKind,
    Upload,
    World,
)

#: files that one message may carry
MAX_FILES: Final = 10
#: members there may be, and how long a name is, in characters
MAX_MEMBERS: Final = 1000
_MAX_NAME: Final = 32
_MAX_CONTENT: Final = 2000
#: type of a list -> what can be chosen in it
_ENTITY_SELECTS: Final = {5: ("user",), 6: ("role",), 7: ("user", "role"), 8: ("channel",)}


#: what a field of a form holds: a text, or the values chosen in a list
Filled = str | list[str]


class Kind(IntEnum):
    """Kinds of interactions."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
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

    def say(
        self, member: str, channel: str, content: str, *, files: list[Upload] | None = None, reply_to: int | None = None
    ) -> Message:
        """Write a message; `channel` is a name, an id or `dm`, `reply_to` a message there."""
        user_id, place = self._at(member, channel)
        if not (content or files) or len(content) > _MAX_CONTENT:
            raise CannotDo(f"a message has 1 to {_MAX_CONTENT} characters", 400)
        if len(files or ()) > MAX_FILES:
            raise CannotDo(f"a message has at most {MAX_FILES} files", 400)
        reference = None
        if reply_to is not None:
            answered = self._world.messages[place.id].get(reply_to)
            if answered is None or not self._world.visible(answered, user_id):
                raise CannotDo(f"{member} sees no message {reply_to} in {channel}", 404)
            reference = {"message_id": str(reply_to), "channel_id": str(place.id)}
        attached = self._world.keep_files(place.id, files or [])
        return self._world.create_message(place.id, user_id, content, attachments=attached, reference=reference)

    def post(self, webhook: str, channel: str, content: str, embeds: list[dict[str, Any]]) -> Message:
        """Post what another program says through a webhook, which belongs to every channel here."""
        if webhook not in ids.WEBHOOKS:
            raise CannotDo(f"there is no webhook {webhook!r}; known: {', '.join(ids.WEBHOOKS)}", 404)
        if not (content or embeds) or len(content) > _MAX_CONTENT:
            raise CannotDo(f"a message has 1 to {_MAX_CONTENT} characters, or embeds", 400)
        place, author_id = self.channel("Admin", channel), ids.WEBHOOKS[webhook]
        return self._world.create_message(place.id, author_id, content, embeds=embeds, webhook_id=author_id)

    def edit(self, message_id: int, content: str) -> None:
        """Have its author change what a message says."""
        self._world.edit_message(self.message(message_id).channel_id, message_id, {"content": content})

    def join(self, name: str, locale: str) -> int:
        """Let somebody new come into the guild, with a client of this language; return the id."""
        if not 0 < len(name) <= _MAX_NAME or name in self._world.people:
            raise CannotDo(f"a new member needs a name of 1 to {_MAX_NAME} characters that nobody has", 400)
        if len(self._world.people) >= MAX_MEMBERS:
            raise CannotDo(f"there are {MAX_MEMBERS} members already", 400)
        self._check_language(locale)
        return self._world.join(name, locale)

    def use_language(self, member: str, locale: str) -> None:
        """Let a member's client speak a language."""
        user_id = self._member(member)
        self._check_language(locale)
        self._world.locales[user_id] = locale

    def language(self, member: str) -> str:
        """Return the language of a member's client."""
        return self._world.locales[self._member(member)]

    def click(self, member: str, message_id: int, custom_id: str) -> Interaction:
        """Click a button."""
        return self._use(member, message_id, custom_id, {2}, {})

    def select(self, member: str, message_id: int, custom_id: str, values: list[str]) -> Interaction:
        """Choose in a list: values of a list of texts, ids in a list of members, roles or channels."""
        return self._use(member, message_id, custom_id, {3, *_ENTITY_SELECTS}, {"values": values})

    def submit(self, member: str, interaction_id: int, values: Mapping[str, Filled]) -> Interaction:
        """Fill in the form that an interaction opened, and send it. `values`: custom id -> text, or what is chosen."""
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
        """Use a slash command, `group sub` for a subcommand; `options`: name -> value, an Upload for a file."""
        user_id, place = self._at(member, channel)
        return self._world.interact(Kind.COMMAND, place, user_id, self._data(member, place, name, options))

    def complete(self, member: str, channel: str, name: str, options: Mapping[str, Any], focused: str) -> Interaction:
        """Ask the bot what the option `focused`, typed so far, could become."""
        user_id, place = self._at(member, channel)
        data = self._data(member, place, name, options, focused=focused)
        return self._world.interact(Kind.AUTOCOMPLETE, place, user_id, data)

    def commands(self, member: str, channel: str) -> list[dict[str, Any]]:
        """Return the slash commands a member is offered in a channel."""
        user_id, place = self._at(member, channel)
        return offered(self._world.visible_commands(user_id=user_id, channel_id=place.id), self.language(member))

    def view(self, member: str, channel: str, *, newest: int | None = None) -> list[dict[str, Any]]:
        """Return the messages a member sees in a channel, oldest first; with `newest`, only so many."""
        user_id, place = self._at(member, channel)
        messages = sorted(self._world.messages[place.id].values(), key=lambda message: message.id)
        seen = [message for message in messages if self._world.visible(message, user_id)]
        return [self._shown(message) for message in (seen[-newest:] if newest else seen)]

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
            "choices": record.autocomplete_choices,
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

    def _check_language(self, locale: str) -> None:
        if locale not in ids.LANGUAGES:
            raise CannotDo(f"no client speaks {locale!r} here; there are: {', '.join(ids.LANGUAGES)}", 400)

    def _at(self, member: str, channel: str) -> tuple[int, Channel]:
        user_id, place = self._member(member), self.channel(member, channel)
        if not self._world.readable(place.id, user_id):
            raise CannotDo(f"{member} cannot see the channel {channel}", 403)
        return user_id, place

    def _member(self, name: str) -> int:
        if name not in self._world.people:
            raise CannotDo(f"there is no member {name!r}; known: {', '.join(ids.MEMBERS)}", 404)
        return self._world.people[name]

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
        channel = self._world.get_channel(message.channel_id)
        data = {"custom_id": custom_id, "component_type": component["type"], "id": component.get("id", 0), **extra}
        if "values" in extra:
            data |= self._chosen(component, extra["values"], channel)
        return self._world.interact(Kind.COMPONENT, channel, user_id, data, message)

    def _chosen(self, component: Mapping[str, Any], values: list[str], channel: Channel) -> dict[str, Any]:
        """Return what a choice adds to the data of its interaction."""
        custom_id = component["custom_id"]
        least, most = component.get("min_values", 1), component.get("max_values", 1)
        if not least <= len(values) <= most:
            raise CannotDo(f"{custom_id!r} takes {least} to {most} values", 400)
        if (kinds := _ENTITY_SELECTS.get(component["type"])) is None:
            choices = {option["value"] for option in component.get("options", ())}
            if not set(values) <= choices:
                raise CannotDo(f"{custom_id!r} offers only {sorted(choices)}", 400)
            return {}
        resolved: dict[str, Any] = {}
        if not all(resolve(self._world, kinds, value, resolved, channel.guild_id) for value in values):
            raise CannotDo(f"{custom_id!r} takes ids of a {' or '.join(kinds)}", 400)
        return {"resolved": resolved}

    def _shown(self, message: Message) -> dict[str, Any]:
        payload = self._world.payload(message)
        return payload | {
            "author_name": payload["author"]["global_name"] or payload["author"]["username"],
            "ephemeral": message.is_ephemeral,
            "loading": self._world.is_loading(message),
            "command": self._world.command_of(message),
        }

    def _data(
        self, member: str, place: Channel, name: str, options: Mapping[str, Any], *, focused: str | None = None
    ) -> dict[str, Any]:
        root, *path = name.split() or [""]
        visible = self._world.visible_commands(user_id=self._member(member), channel_id=place.id)
        command = next((known for known in visible if known["name"] == root), None)
        if command is None:
            raise CannotDo(f"{member} sees no command /{root} in {place.name or 'dm'}", 404)
        try:
            return interaction_data(self._world, command, path, options, place, focused=focused)
        except BadOption as error:
            raise CannotDo(str(error), error.status) from error


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


def _filled(component: Mapping[str, Any], values: Mapping[str, Filled], fields: set[str]) -> dict[str, Any]:
    filled = {key: component[key] for key in ("type", "id") if key in component}
    if "custom_id" in component:
        custom_id = component["custom_id"]
        fields.add(custom_id)
        value = values.get(custom_id, component.get("value") or "")
        if component.get("required", True) and not value:
            raise CannotDo(f"the field {custom_id!r} is required", 400)
        if component["type"] == 3 or component["type"] in _ENTITY_SELECTS:
            chosen = [value] if isinstance(value, str) and value else list(value)
            return filled | {"custom_id": custom_id, "values": chosen}
        text = str(value)
        # a field that need not be filled in may be empty, however long it has to be otherwise
        if text and not (component.get("min_length") or 0) <= len(text) <= component.get("max_length", 4000):
            raise CannotDo(f"the field {custom_id!r} is too long or too short", 400)
        return filled | {"custom_id": custom_id, "value": text}
    if "component" in component:
        return filled | {"component": _filled(component["component"], values, fields)}
    return filled | {"components": [_filled(child, values, fields) for child in component.get("components", ())]}
