"""Attachments, kept on this server in bounded memory."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from simcord.backend.cdn import CdnStore

from botapp.local_discord.world.retention import Attachments


class Cdn(CdnStore):
    """A store of attachments with URLs on this server."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.kept = Attachments()

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Store a file; return the attachment object of a message."""
        payload = super().store_attachment(attachment_id, channel_id, filename, b"", description)
        self._blobs.clear()
        path = f"/attachments/{channel_id}/{attachment_id}/{filename}"
        self.kept.keep(path, data, str(payload["content_type"]))
        url = self.base + quote(path)
        return payload | {"size": len(data), "url": url, "proxy_url": url}
