"""Actions and views of members: write, click, select, submit modals, read a channel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from botapp.local_discord import ids
from botapp.local_discord.world.interaction_log import FIRST_RESPONSE_TIMEOUT_S
from botapp.local_discord.world.slash_options import (
    InvalidOption,
    add_resolved,
    interaction_data,
    list_offered_commands,
)
from botapp.local_discord.world.world import (
    Channel,
    Interaction,
    Message,
    ResponseKind,
    Upload,
    World,
)

#: files that one message may carry
MAX_FILES: Final = 10
#: maximum number of members
MAX_MEMBERS: Final = 1000
_MAX_NAME: Final = 32
_MAX_CONTENT: Final = 2000
#: type of a select -> kinds of entities it offers
_ENTITY_SELECTS: Final = {5: ("user",), 6: ("role",), 7: ("user", "role"), 8: ("channel",)}


#: value of a modal's field: a text, or the values chosen in a select
FieldValue = str | list[str]


class InteractionKind(IntEnum):
    """Kinds of interactions."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class ActionRefused(Exception):
    """A real member could not do this. `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


class Members:
    """The actions and views of members. Every method raises ActionRefused if a real member could not do it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send_message(
        self, member: str, channel: str, content: str, *, files: list[Upload] | None = None, reply_to: int | None = None
    ) -> Message:
        """Write a message; `channel` is a name, an id or `dm`, `reply_to` a message there."""
        user_id, place = self._resolve_place(member, channel)
        if not (content or files) or len(content) > _MAX_CONTENT:
            raise ActionRefused(f"a message has 1 to {_MAX_CONTENT} characters", 400)
        if len(files or ()) > MAX_FILES:
            raise ActionRefused(f"a message has at most {MAX_FILES} files", 400)
        reference = None
        if reply_to is not None:
            answered = self._world.messages[place.id].get(reply_to)
            if answered is None or not self._world.visible(answered, user_id):
                raise ActionRefused(f"{member} sees no message {reply_to} in {channel}", 404)
            reference = {"message_id": str(reply_to), "channel_id": str(place.id)}
        attached = self._world.store_files(place.id, files or [])
        return self._world.create_message(place.id, user_id, content, attachments=attached, reference=reference)

    def post_webhook(self, webhook: str, channel: str, content: str, embeds: list[dict[str, Any]]) -> Message:
        """Post a message through a webhook. Here a webhook belongs to every channel."""
        if webhook not in ids.WEBHOOKS:
            raise ActionRefused(f"there is no webhook {webhook!r}; known: {', '.join(ids.WEBHOOKS)}", 404)
        if not (content or embeds) or len(content) > _MAX_CONTENT:
            raise ActionRefused(f"a message has 1 to {_MAX_CONTENT} characters, or embeds", 400)
        place, author_id = self.channel("Admin", channel), ids.WEBHOOKS[webhook]
        return self._world.create_message(place.id, author_id, content, embeds=embeds, webhook_id=author_id)

    def edit(self, message_id: int, content: str) -> None:
        """Change the content of a message, as its author."""
        self._world.edit_message(self.message(message_id).channel_id, message_id, {"content": content})

    def join(self, name: str, locale: str) -> int:
        """Add a member whose client has this language to the guild; return the id."""
        if not 0 < len(name) <= _MAX_NAME or name in self._world.member_ids:
            raise ActionRefused(f"a new member needs a name of 1 to {_MAX_NAME} characters that is not taken", 400)
        if len(self._world.member_ids) >= MAX_MEMBERS:
            raise ActionRefused(f"there are {MAX_MEMBERS} members already", 400)
        self._check_language(locale)
        return self._world.join(name, locale)

    def set_language(self, member: str, locale: str) -> None:
        """Set the language of a member's client."""
        user_id = self._member(member)
        self._check_language(locale)
        self._world.locales[user_id] = locale

    def language(self, member: str) -> str:
        """Return the language of a member's client."""
        return self._world.locales[self._member(member)]

    def click(self, member: str, message_id: int, custom_id: str) -> Interaction:
        """Click a button."""
        return self._use_component(member, message_id, custom_id, {2}, {})

    def find_button(self, member: str, channel: str, custom_id: str) -> Message:
        """Return the newest message in a channel that has the button `custom_id`."""
        user_id, place = self._resolve_place(member, channel)
        for message in sorted(self._world.messages[place.id].values(), key=lambda one: one.id, reverse=True):
            found = any(one.get("custom_id") == custom_id for one in self._world.list_components(message))
            if found and self._world.visible(message, user_id):
                return message
        raise ActionRefused(f"{member} sees no message with the button {custom_id!r} in {channel}", 404)

    def select(self, member: str, message_id: int, custom_id: str, values: list[str]) -> Interaction:
        """Choose values in a select: its option values, or ids of members, roles or channels."""
        return self._use_component(member, message_id, custom_id, {3, *_ENTITY_SELECTS}, {"values": values})

    def submit(self, member: str, interaction_id: int, values: Mapping[str, FieldValue]) -> Interaction:
        """Submit the modal that an interaction opened. `values`: custom id -> text or chosen values."""
        record = self.interaction(interaction_id)
        if record.modal is None or record.user_id != self._member(member):
            raise ActionRefused(f"interaction {interaction_id} opened no modal for {member}")
        if record.modal_consumed:
            raise ActionRefused("the modal was submitted already")
        fields: set[str] = set()
        components = [_fill_component(component, values, fields) for component in record.modal["components"]]
        unknown = sorted(values.keys() - fields)
        if unknown:
            raise ActionRefused(f"the modal has no field {unknown[0]!r}", 400)
        record.modal_consumed = True
        data = {"custom_id": record.modal["custom_id"], "components": components}
        source = self._world.messages[record.channel_id].get(record.source_message_id or 0)
        channel = self._world.get_channel(record.channel_id)
        return self._world.start_interaction(InteractionKind.MODAL_SUBMIT, channel, record.user_id, data, source)

    def command(self, member: str, channel: str, name: str, options: Mapping[str, Any]) -> Interaction:
        """Use a slash command, `group sub` for a subcommand; `options`: name -> value, an Upload for a file."""
        user_id, place = self._resolve_place(member, channel)
        return self._world.start_interaction(
            InteractionKind.COMMAND, place, user_id, self._command_data(member, place, name, options)
        )

    def complete(self, member: str, channel: str, name: str, options: Mapping[str, Any], focused: str) -> Interaction:
        """Request autocompletion of the option `focused`."""
        user_id, place = self._resolve_place(member, channel)
        data = self._command_data(member, place, name, options, focused=focused)
        return self._world.start_interaction(InteractionKind.AUTOCOMPLETE, place, user_id, data)

    def commands(self, member: str, channel: str) -> list[dict[str, Any]]:
        """Return the slash commands that a member can use in a channel."""
        user_id, place = self._resolve_place(member, channel)
        return list_offered_commands(
            self._world.visible_commands(user_id=user_id, channel_id=place.id), self.language(member)
        )

    def view(self, member: str, channel: str, *, newest: int | None = None) -> list[dict[str, Any]]:
        """Return the messages that a member sees in a channel, oldest first; at most `newest`."""
        user_id, place = self._resolve_place(member, channel)
        messages = sorted(self._world.messages[place.id].values(), key=lambda message: message.id)
        seen = [message for message in messages if self._world.visible(message, user_id)]
        return [self._describe_message(message) for message in (seen[-newest:] if newest else seen)]

    def status(self, interaction_id: int) -> dict[str, Any]:
        """Return the state of an interaction as its member sees it.

        `state` is `pending`, `deferred` ("thinking …"), `answered`, or `failed` (no answer in time).
        """
        record = self.interaction(interaction_id)
        logged = self._world.interaction_log.find(interaction_id)
        answers = [] if record.message_id == record.source_message_id else [record.message_id]
        known = self._world.messages.get(record.channel_id, {})
        shown = [known[one] for one in [*answers, *record.followup_ids] if one is not None and one in known]
        return {
            "interaction_id": str(record.id),
            "state": interaction_state(record, self._world.age_ms(record)),
            "kind": record.response_kind,
            "ack_ms": None if logged is None else logged.ack_ms,
            "messages": [self._describe_message(message) for message in shown],
            "modal": record.modal,
            "choices": record.autocomplete_choices,
        }

    def interaction(self, interaction_id: int) -> Interaction:
        """Return an interaction by its id."""
        record = self._world.interactions.get(interaction_id)
        if record is None:
            raise ActionRefused(f"no interaction {interaction_id} is known", 404)
        return record

    def message(self, message_id: int) -> Message:
        """Return a message by its id, from any channel."""
        for messages in self._world.messages.values():
            if message_id in messages:
                return messages[message_id]
        raise ActionRefused(f"there is no message {message_id}", 404)

    def channel(self, member: str, name: str) -> Channel:
        """Return a channel by name or id; `dm` is the member's direct messages with the bot."""
        if name == "dm":
            return self._world.get_dm_channel(self._member(member))
        channel_id = ids.CHANNELS.get(name) or (int(name) if name.isdecimal() else 0)
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise ActionRefused(f"there is no channel {name!r}; known: {', '.join(ids.CHANNELS)}, dm", 404)
        return channel

    def list_viewers(self, channel_id: int) -> list[str]:
        """Return the names of the members who can see a channel."""
        return [name for name, user_id in ids.MEMBERS.items() if self._world.readable(channel_id, user_id)]

    def _check_language(self, locale: str) -> None:
        if locale not in ids.LANGUAGES:
            raise ActionRefused(f"unknown language {locale!r}; known: {', '.join(ids.LANGUAGES)}", 400)

    def _resolve_place(self, member: str, channel: str) -> tuple[int, Channel]:
        user_id, place = self._member(member), self.channel(member, channel)
        if not self._world.readable(place.id, user_id):
            raise ActionRefused(f"{member} cannot see the channel {channel}", 403)
        return user_id, place

    def _member(self, name: str) -> int:
        if name not in self._world.member_ids:
            raise ActionRefused(f"there is no member {name!r}; known: {', '.join(ids.MEMBERS)}", 404)
        return self._world.member_ids[name]

    def _use_component(
        self, member: str, message_id: int, custom_id: str, types: set[int], extra: dict[str, Any]
    ) -> Interaction:
        user_id, message = self._member(member), self.message(message_id)
        if not self._world.visible(message, user_id):
            raise ActionRefused(f"{member} cannot see the message {message_id}", 403)
        found = [one for one in self._world.list_components(message) if one.get("custom_id") == custom_id]
        component = next((one for one in found if one["type"] in types), None)
        if component is None:
            raise ActionRefused(f"the message {message_id} has no component {custom_id!r}", 404)
        if component.get("disabled"):
            raise ActionRefused(f"{custom_id!r} is disabled")
        channel = self._world.get_channel(message.channel_id)
        data = {"custom_id": custom_id, "component_type": component["type"], "id": component.get("id", 0), **extra}
        if "values" in extra:
            data |= self._selection_data(component, extra["values"], channel)
        return self._world.start_interaction(InteractionKind.COMPONENT, channel, user_id, data, message)

    def _selection_data(self, component: Mapping[str, Any], values: list[str], channel: Channel) -> dict[str, Any]:
        """Return the fields that a selection adds to the interaction's data."""
        custom_id = component["custom_id"]
        least, most = component.get("min_values", 1), component.get("max_values", 1)
        if not least <= len(values) <= most:
            raise ActionRefused(f"{custom_id!r} takes {least} to {most} values", 400)
        if (kinds := _ENTITY_SELECTS.get(component["type"])) is None:
            choices = {option["value"] for option in component.get("options", ())}
            if not set(values) <= choices:
                raise ActionRefused(f"{custom_id!r} offers only {sorted(choices)}", 400)
            return {}
        resolved: dict[str, Any] = {}
        if not all(add_resolved(self._world, kinds, value, resolved, channel.guild_id) for value in values):
            raise ActionRefused(f"{custom_id!r} takes ids of a {' or '.join(kinds)}", 400)
        return {"resolved": resolved}

    def _describe_message(self, message: Message) -> dict[str, Any]:
        payload = self._world.payload(message)
        return payload | {
            "author_name": payload["author"]["global_name"] or payload["author"]["username"],
            "ephemeral": message.is_ephemeral,
            "loading": self._world.is_loading(message),
            "command": self._world.get_command_name(message),
        }

    def _command_data(
        self, member: str, place: Channel, name: str, options: Mapping[str, Any], *, focused: str | None = None
    ) -> dict[str, Any]:
        root, *path = name.split() or [""]
        visible = self._world.visible_commands(user_id=self._member(member), channel_id=place.id)
        command = next((known for known in visible if known["name"] == root), None)
        if command is None:
            raise ActionRefused(f"{member} sees no command /{root} in {place.name or 'dm'}", 404)
        try:
            return interaction_data(self._world, command, path, options, place, focused=focused)
        except InvalidOption as error:
            raise ActionRefused(str(error), error.status) from error


def interaction_state(record: Interaction, age_ms: float) -> str:
    """Return the state of an interaction that started `age_ms` ago, as its member sees it."""
    if not record.responded:
        return "failed" if age_ms >= FIRST_RESPONSE_TIMEOUT_S * 1000 else "pending"
    return "deferred" if record.response_kind == ResponseKind.DEFERRED else "answered"


def is_acknowledged(state: str) -> bool:
    """Return whether the bot has sent its first answer, or can no longer send it."""
    return state != "pending"


def is_answered(state: str) -> bool:
    """Return whether the bot has answered completely, or can no longer answer."""
    return state in ("answered", "failed")


def _fill_component(component: Mapping[str, Any], values: Mapping[str, FieldValue], fields: set[str]) -> dict[str, Any]:
    filled = {key: component[key] for key in ("type", "id") if key in component}
    if "custom_id" in component:
        custom_id = component["custom_id"]
        fields.add(custom_id)
        value = values.get(custom_id, component.get("value") or "")
        if component.get("required", True) and not value:
            raise ActionRefused(f"the field {custom_id!r} is required", 400)
        if component["type"] == 3 or component["type"] in _ENTITY_SELECTS:
            chosen = [value] if isinstance(value, str) and value else list(value)
            return filled | {"custom_id": custom_id, "values": chosen}
        text = str(value)
        # an optional field may be empty, whatever its minimum length
        if text and not (component.get("min_length") or 0) <= len(text) <= component.get("max_length", 4000):
            raise ActionRefused(f"the field {custom_id!r} is too long or too short", 400)
        return filled | {"custom_id": custom_id, "value": text}
    if "component" in component:
        return filled | {"component": _fill_component(component["component"], values, fields)}
    return filled | {
        "components": [_fill_component(child, values, fields) for child in component.get("components", ())]
    }
