"""What a request to Discord raises when it fails."""

from __future__ import annotations

from typing import Final

import aiohttp
import discord

#: Discord refuses the request, or cannot be reached; a TimeoutError is an OSError
REQUEST_ERRORS: Final = (discord.HTTPException, aiohttp.ClientError, OSError)
