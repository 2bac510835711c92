"""The world of the local Discord: guild, channels, members, messages, and what REST does to them.

simcord defines the semantics: a third party's reading of Discord keeps the bot honest. Its backend, routes and
payloads run here behind real sockets, on the real clock, with bounded memory. These parts of simcord are not
documented, so its version is pinned; besides this module only `intents.py`, `cdn.py` and `slash_options.py` use them.
"""

from __future__ import annotations

import io
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from discord import Permissions
from simcord._clock import Clock
from simcord.backend import Backend, errors, serializers
from simcord.backend.access import channel_accessible, message_accessible
from simcord.backend.errors import BackendError
from simcord.backend.models import Channel, Interaction, Message, Overwrite
from simcord.backend.models.interaction import ResponseKind
from simcord.components import walk_components
from simcord.enums import ChannelType, OverwriteType
from simcord.http import routes
from simcord.http.router import RouteNotImplemented, UnsupportedField, dispatch
from simcord.interactions import base_payload

from botapp.local_discord import ids
from botapp.local_discord.world.cdn import Cdn
from botapp.local_discord.world.interaction_log import KEPT_INTERACTIONS, InteractionLog, read_call
from botapp.local_discord.world.membership import is_in_guild
from botapp.local_discord.world.retention import Nonces

__all__ = [
    "BackendError",
    "Channel",
    "Interaction",
    "Message",
    "ResponseKind",
    "RestResponse",
    "Upload",
    "World",
]

log = logging.getLogger(__name__)

#: messages kept in a channel
MESSAGES_PER_CHANNEL: Final = 500
_DISCORD_EPOCH_MS: Final = 1420070400000
_LOADING_FLAG: Final = 1 << 7
# The flags of an application that may use all three privileged intents without being verified.
_APPLICATION_FLAGS: Final = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}

assert routes is not None  # importing it registers simcord's routes

#: event name and payload, as the gateway sends them
EventSink = Callable[[str, dict[str, Any]], None]
#: kind and fields of an event for viewers
FeedSink = Callable[..., None]


class _RealClock(Clock):
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Upload:
    """A file that came with a request."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass(frozen=True)
class RestResponse:
    """The response to a REST request: status and JSON (None: no body)."""

    status: int
    body: Any = None


class World(Backend):
    """The state of the local Discord. One event loop uses it; no method waits.

    Attributes:
        interaction_log: who did what with each interaction.
        closed_dms: ids of the members who accept no direct messages.
        forbidden_intents: privileged intents the application may not use.
        invited: whether the bot is in the guild; `invite` changes it.
    """

    def __init__(self, send: EventSink, tell: FeedSink) -> None:
        self._last_id = 0
        self._send = send
        self._tell = tell
        self._nonce: str | None = None
        self._nonces = Nonces()
        self.interaction_log = InteractionLog()
        #: user id -> the language of that member's client
        self.locales = {ids.MEMBERS[name]: locale for name, locale in ids.LOCALES.items()}
        #: member name -> id: the initial members and those who joined later
        self.member_ids = dict(ids.MEMBERS)
        self.closed_dms: set[int] = set()
        self.forbidden_intents: set[str] = set()
        self.invited = True
        super().__init__(clock=_RealClock())
        # simcord keeps two logs for its own tests; in a server they would grow without limit.
        self.transcript = deque(maxlen=0)  # type: ignore[assignment]
        self.http_requests = deque(maxlen=0)  # type: ignore[assignment]
        self.cdn = self._cdn = Cdn()
        self._create_fixed_world()

    def _create_fixed_world(self) -> None:
        del self.users[self.bot_user.id]
        self.bot_user.id, self.bot_user.name = ids.BOT_ID, ids.BOT_NAME
        self.users[ids.BOT_ID] = self.bot_user
        self.application_id = ids.BOT_ID
        for name, user_id in (self.member_ids | ids.WEBHOOKS).items():
            user = self.make_user(name)
            user.bot = name in ids.WEBHOOKS
            del self.users[user.id]
            user.id = user_id
            self.users[user_id] = user
        guild = self.create_guild(ids.GUILD_NAME, id=ids.GUILD_ID, owner_id=ids.ADMIN_ID, preferred_locale="id")
        for user_id in self.member_ids.values():
            if user_id not in guild.members:
                self.add_member(guild.id, user_id)
        hidden = Overwrite(guild.id, OverwriteType.ROLE, deny=Permissions(view_channel=True).value)
        opened = Overwrite(ids.BOT_ID, OverwriteType.MEMBER, allow=Permissions(view_channel=True).value)
        for name, channel_id in ids.CHANNELS.items():
            overwrites = [hidden, opened] if channel_id == ids.ADMIN_CHANNEL_ID else []
            channel = self.create_channel(guild.id, name, overwrites=overwrites)
            guild.channel_ids.remove(channel.id)
            guild.channel_ids.append(channel_id)
            self.channels[channel_id] = self.channels.pop(channel.id)
            self.messages[channel_id] = self.messages.pop(channel.id)
            channel.id = channel_id

    # ------------------------------------------------------------ simcord's hooks

    def snowflake(self) -> int:
        """Return a new id: the current time, greater than every earlier id."""
        milliseconds = int(self.clock.now().timestamp() * 1000) - _DISCORD_EPOCH_MS
        self._last_id = max(milliseconds << 22, self._last_id + 1)
        return self._last_id

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send an event to the gateway."""
        data = dict(payload)
        if event == "MESSAGE_CREATE" and self._nonce is not None:
            data["nonce"] = self._nonce
        self._send(event, data)

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        """Add a message to its channel; drop the oldest beyond MESSAGES_PER_CHANNEL."""
        message = super().commit_message(message, broadcast=broadcast)
        kept = self.messages[message.channel_id]
        while len(kept) > MESSAGES_PER_CHANNEL:
            # A message with buttons, or a deferred answer, may still be in use: others are dropped first.
            unused = (known for known in kept.values() if not known.components and not self.is_loading(known))
            oldest = next(unused, next(iter(kept.values())))
            del kept[oldest.id]
        self._tell_of("message_create", message)
        return message

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        """Change a message."""
        message = super().edit_message(channel_id, message_id, fields)
        self._tell_of("message_update", message)
        return message

    def set_reaction(self, channel_id: int, message_id: int, emoji: str, user_id: int, reacted: bool) -> None:
        """Add or remove a reaction of a message."""
        super().set_reaction(channel_id, message_id, emoji, user_id, reacted)
        self._tell_of("message_update", self.get_message(channel_id, message_id))

    def delete_message(self, channel_id: int, message_id: int) -> None:
        """Delete a message."""
        message = self.get_message(channel_id, message_id)
        super().delete_message(channel_id, message_id)
        self._tell_of("message_delete", message)

    def bulk_delete_messages(self, channel_id: int, message_ids: Iterable[int]) -> list[int]:
        """Delete several messages; return the ids that existed."""
        messages = dict(self.messages.get(channel_id, {}))
        deleted = super().bulk_delete_messages(channel_id, message_ids)
        for message_id in deleted:
            self._tell_of("message_delete", messages[message_id])
        return deleted

    def new_interaction(self, type: int, channel_id: int, user_id: int, guild_id: int | None) -> Interaction:
        """Create an interaction; drop the oldest beyond the limit."""
        while len(self.interactions) >= KEPT_INTERACTIONS:
            oldest = self.interactions.pop(next(iter(self.interactions)))
            self.interaction_tokens.pop(oldest.token, None)
        return super().new_interaction(type, channel_id, user_id, guild_id)

    def _tell_of(self, kind: str, message: Message) -> None:
        viewer = None
        if message.is_ephemeral:
            viewer = ((message.interaction_metadata or {}).get("user") or {}).get("id")
        self._tell(
            kind,
            channel_id=str(message.channel_id),
            message_id=str(message.id),
            author_id=str(message.author_id),
            only_for=viewer,
        )

    # ----------------------------------------------------------------------- REST

    def rest(
        self, method: str, path: str, *, body: Any, params: Mapping[str, str], files: list[Upload], reason: str | None
    ) -> RestResponse:
        """Execute a REST request of the bot and return the response. `path` is the part below /api/v10."""
        try:
            return self._rest(method, path, body=body, params=params, files=files, reason=reason)
        except (RouteNotImplemented, UnsupportedField) as gap:
            log.error("NOT IMPLEMENTED by the local Discord: %s", gap.message)
            return RestResponse(gap.status, gap.to_json())
        except BackendError as refusal:
            return RestResponse(refusal.status, refusal.to_json())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("invalid request %s %s: %r", method, path, error)
            return RestResponse(400, errors.invalid_form_body(repr(error)).to_json())

    def _rest(
        self, method: str, path: str, *, body: Any, params: Mapping[str, str], files: list[Upload], reason: str | None
    ) -> RestResponse:
        parts = path.strip("/").split("/")
        if not self.invited:
            if path == "/users/@me/guilds":
                return RestResponse(200, [])
            if is_in_guild(parts, self.get_guild(ids.GUILD_ID).channel_ids):
                raise errors.missing_access()  # 50001, "Missing Access"
        posts_message = method == "POST" and len(parts) == 3 and (parts[0], parts[2]) == ("channels", "messages")
        nonce = None
        if posts_message:
            self._refuse_closed_dm(int(parts[1]))
            nonce = str(body["nonce"]) if isinstance(body, dict) and body.get("nonce") is not None else None
            if nonce is not None and body.get("enforce_nonce"):
                sent = self._nonces.find(int(parts[1]), nonce, self.clock.now().timestamp())
                earlier = self.messages[int(parts[1])].get(sent or 0)
                if earlier is not None:
                    return RestResponse(200, self.payload(earlier) | {"nonce": nonce})
        if parts[0] == "webhooks" and len(parts) > 2:
            self._refuse_unusable_token(parts[2])
        self._nonce = nonce
        oldest = 0
        if method == "GET" and len(parts) == 3 and parts[2] == "messages" and "after" in params:
            # Discord counts from the requested message, simcord from the newest
            oldest, params = int(params.get("limit", 50)), {**params, "limit": str(MESSAGES_PER_CHANNEL)}
        try:
            result = dispatch(
                self,
                method,
                path,
                json=body,
                params=dict(params),
                files=list(files),
                reason=reason,
                message_content_access="message_content" not in self.forbidden_intents,
            )
        finally:
            self._nonce = None
        if oldest:
            result = result[-oldest:]
        if posts_message and nonce is not None:
            result = dict(result) | {"nonce": nonce}
            self._nonces.remember(int(parts[1]), nonce, int(result["id"]), self.clock.now().timestamp())
        if path == "/oauth2/applications/@me":
            result = dict(result) | self._application_owner()
        if parts[0] == "applications" and method != "GET":
            self._tell("commands")
        elif method == "POST" and parts[-1] == "typing":
            self._tell("typing", channel_id=parts[1])
        return RestResponse(204) if result is None else RestResponse(200, result)

    def _refuse_closed_dm(self, channel_id: int) -> None:
        channel = self.get_channel(channel_id)
        if channel.type == ChannelType.DM and self.closed_dms & set(channel.recipient_ids):
            raise errors.cannot_dm_bot()  # 50007, "Cannot send messages to this user"

    def _refuse_unusable_token(self, token: str) -> None:
        """Raise what Discord answers to a follow-up without an acknowledgement, or after 15 minutes."""
        record = self.interactions.get(self.interaction_tokens.get(token, 0))
        if record is None:
            return
        if record.expires_at is not None and self.now_iso() >= record.expires_at:
            raise BackendError(401, 50027, "Invalid Webhook Token")
        if not record.responded:
            raise errors.unknown_webhook()

    def _application_owner(self) -> dict[str, Any]:
        flags = sum(bit for name, bit in _APPLICATION_FLAGS.items() if name not in self.forbidden_intents)
        return {"owner": dict(serializers.user_payload(self.get_user(ids.ADMIN_ID))), "flags": flags}

    def log_call(self, method: str, path: str, body: Any, pid: int | None, answer: RestResponse) -> None:
        """Log a request about an interaction that `pid` sent, and tell viewers if it succeeded."""
        code = answer.body.get("code", -1) if answer.status >= 400 else 0
        read = read_call(method, path, body, at_s=self.clock.now().timestamp(), pid=pid, code=code)
        if read is None:
            return
        token, call, is_callback = read
        interaction_id = self.interaction_tokens.get(token)
        logged = self.interaction_log.find(interaction_id)
        if interaction_id is None or logged is None:
            return
        logged.add(call, is_callback=is_callback)
        if not code:
            user_id = self.interactions[interaction_id].user_id
            self._tell("interaction", interaction_id=str(interaction_id), member_id=str(user_id))

    # -------------------------------------------------------------------- gateway

    def ready(self) -> dict[str, Any]:
        """Return the payload of READY without the fields of the session."""
        return {
            "v": 10,
            "user": dict(serializers.user_payload(self.bot_user)),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in self.guilds if self.invited],
            "application": {"id": str(self.application_id), "flags": self._application_owner()["flags"]},
            "shard": [0, 1],
        }

    def guild_creates(self) -> list[dict[str, Any]]:
        """Return the payloads of GUILD_CREATE."""
        guilds = self.guilds.values() if self.invited else ()
        return [dict(serializers.guild_create_payload(self, guild)) for guild in guilds]

    def invite(self, invited: bool) -> None:
        """Add the bot to the guild or remove it, as an invite link or a moderator does."""
        if invited == self.invited:
            return
        if not invited:
            self._send("GUILD_DELETE", {"id": str(ids.GUILD_ID)})
        self.invited = invited
        for payload in self.guild_creates():
            self._send("GUILD_CREATE", payload)

    def set_attachment_base_url(self, base: str) -> None:
        """Set the base URL of this server; the URLs of attachments start with it."""
        self._cdn.base = base

    def attachment(self, path: str) -> tuple[bytes, str] | None:
        """Return the bytes and the content type of an attachment, or None."""
        return self._cdn.kept.find(path)

    def store_files(self, channel_id: int, files: list[Upload]) -> list[dict[str, Any]]:
        """Store a member's files; return the attachment objects of a message."""
        return [
            self.cdn.store_attachment(self.snowflake(), channel_id, one.filename, one.fp.read(), one.description)
            for one in files
        ]

    # -------------------------------------------------- used by members.py

    def payload(self, message: Message) -> dict[str, Any]:
        """Return the API payload of a message."""
        return dict(serializers.message_payload(self, message))

    def readable(self, channel_id: int, user_id: int) -> bool:
        """Return whether a user can see a channel."""
        return channel_accessible(self, channel_id, user_id)

    def visible(self, message: Message, user_id: int) -> bool:
        """Return whether a user can see a message."""
        return message_accessible(self, message.channel_id, message, user_id)

    def is_loading(self, message: Message) -> bool:
        """Return whether a message is still the "thinking …" of a deferred answer."""
        return bool(message.flags & _LOADING_FLAG)

    def list_components(self, message: Message) -> list[dict[str, Any]]:
        """Return all components of a message, including nested ones."""
        return list(walk_components(message.components))

    def get_command_name(self, message: Message) -> str | None:
        """Return the name of the slash command that a message answers, or None."""
        record = self.interactions.get(int((message.interaction_metadata or {}).get("id", 0)))
        return record.command_name if record is not None else None

    def resolve(self, kind: str, wanted: int, guild_id: int | None) -> dict[str, dict[str, Any]] | None:
        """Return the entry in `resolved` for a user, channel or role, by its section; None if unknown."""
        guild = self.get_guild(guild_id) if guild_id is not None else None
        if kind == "user" and wanted in self.users:
            found = {"users": dict(serializers.user_payload(self.users[wanted]))}
            if guild is not None and wanted in guild.members:
                member = serializers.member_payload(self, guild, guild.members[wanted], with_user=False)
                found["members"] = dict(member)
            return found
        if kind == "channel" and guild is not None and wanted in guild.channel_ids:
            return {"channels": dict(serializers.channel_payload(self, self.channels[wanted])) | {"permissions": "0"}}
        if kind == "role" and guild is not None and wanted in guild.roles:
            return {"roles": dict(serializers.role_payload(guild.roles[wanted]))}
        return None

    def age_ms(self, record: Interaction) -> float:
        """Return the age of an interaction in milliseconds, from the time in its id."""
        return self.clock.now().timestamp() * 1000 - (record.id >> 22) - _DISCORD_EPOCH_MS

    def start_interaction(
        self, kind: int, channel: Channel, user_id: int, data: dict[str, Any], source: Message | None = None
    ) -> Interaction:
        """Create an interaction of a member and send it to the bot."""
        record, payload = base_payload(
            self, type=kind, channel_id=channel.id, guild_id=channel.guild_id, user_id=user_id, data=data
        )
        payload["locale"] = self.locales[user_id]
        if channel.guild_id is not None:
            payload["guild_locale"] = self.get_guild(channel.guild_id).preferred_locale
        if source is not None:
            record.source_message_id = source.id
            payload["message"] = self.payload(source)
        what = str(data.get("custom_id") or data.get("name") or "")
        self.interaction_log.open(record.id, self.get_user(user_id).name, what, self.clock.now().timestamp())
        self.emit("INTERACTION_CREATE", payload)
        self._tell("interaction", interaction_id=str(record.id), member_id=str(user_id))
        return record

    def join(self, name: str, locale: str) -> int:
        """Add a member to the guild; return the id. The page shows the initial members only."""
        user = self.make_user(name)
        self.add_member(ids.GUILD_ID, user.id)
        self.member_ids[name] = user.id
        self.locales[user.id] = locale
        return user.id

    def deny_bot_permissions(self, channel_id: int, permissions: Iterable[str]) -> None:
        """Deny the bot permissions (by name) in a channel; an empty list restores all. Raises ValueError."""
        channel = self.get_channel(channel_id)
        denied = Permissions.none()
        for name in permissions:
            if name not in Permissions.VALID_FLAGS:
                raise ValueError(f"unknown permission {name!r}")
            setattr(denied, name, True)
        kept = [known for known in channel.overwrites if (known.target_id, known.type) != _BOT_OVERWRITE]
        allowed = Permissions(view_channel=True).value if channel_id == ids.ADMIN_CHANNEL_ID else 0
        own = Overwrite(ids.BOT_ID, OverwriteType.MEMBER, allow=allowed & ~denied.value, deny=denied.value)
        channel.overwrites = [*kept, own]
        self.announce_channel_update(channel_id)


_BOT_OVERWRITE: Final = (ids.BOT_ID, OverwriteType.MEMBER)
