"""The fixed ids of the local Discord's world, in one place: configurations and tests rely on them."""

from __future__ import annotations

from typing import Final

#: the guild everything happens in
GUILD_ID: Final = 1400000000000000001
GUILD_NAME: Final = "Toko Demo"
#: the bot's user, which is also the id of its application
BOT_ID: Final = 1400000000000000002
BOT_NAME: Final = "Toko Bot"
#: the token the bot logs in with, unless another one is given
DEFAULT_TOKEN: Final = "demo-token"

#: the channel of the live message
LIVE_CHANNEL_ID: Final = 1400000000000000010
#: a channel that only Admin and the bot can see
ADMIN_CHANNEL_ID: Final = 1400000000000000011
#: channel name -> id
CHANNELS: Final = {"toko": LIVE_CHANNEL_ID, "admin": ADMIN_CHANNEL_ID}

#: the owner of the guild and of the application
ADMIN_ID: Final = 1400000000000000101
BUDI_ID: Final = 1400000000000000102
SARI_ID: Final = 1400000000000000103
#: member name -> id
MEMBERS: Final = {"Admin": ADMIN_ID, "Budi": BUDI_ID, "Sari": SARI_ID}
#: member name -> the language that member's client has at first
LOCALES: Final = {"Admin": "en-US", "Budi": "id", "Sari": "id"}
#: languages a member may choose for the client, by Discord's code
LANGUAGES: Final = {"en-US": "English", "id": "Bahasa Indonesia"}

#: webhook name -> id: one that reports deposits, and one that nobody has allowed
WEBHOOKS: Final = {"Deposit": 1400000000000000201, "Stranger": 1400000000000000202}
