"""The fixed ids of the local Discord; configurations and tests rely on them."""

from __future__ import annotations

from typing import Final

#: the only guild
GUILD_ID: Final = 1400000000000000001
GUILD_NAME: Final = "Toko Demo"
#: the bot's user and its application
BOT_ID: Final = 1400000000000000002
BOT_NAME: Final = "Toko Bot"
#: default token of the bot
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
#: member name -> initial language of the member's client
LOCALES: Final = {"Admin": "en-US", "Budi": "id", "Sari": "id"}
#: Discord's language code -> name; a member can choose these
LANGUAGES: Final = {"en-US": "English", "id": "Bahasa Indonesia"}

#: webhook name -> id: one reports deposits, the other is not allowed
WEBHOOKS: Final = {"Deposit": 1400000000000000201, "Stranger": 1400000000000000202}
