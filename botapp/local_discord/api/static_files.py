"""The page's files and the members' avatars."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from botapp.local_discord import ids
from botapp.runtime.static_files import PAGE_HEADERS, file_headers, find_file

_PAGE: Final = Path(__file__).parent.parent / "page"
_COLOURS: Final = {
    ids.ADMIN_ID: ("#f0a020", "#d9480f"),
    ids.BUDI_ID: ("#3ba55d", "#0b7a63"),
    ids.SARI_ID: ("#eb459e", "#a3268f"),
}
_NAMES: Final = {member_id: name for name, member_id in ids.MEMBERS.items()}


def page_routes() -> list[web.RouteDef]:
    """Return the routes of the page: `/`, `/page/…` and `/avatars/…`."""
    return [
        web.get("/", _get_page),
        web.get("/page/{path:.+}", _get_file),
        web.get("/avatars/{user_id}.svg", _get_avatar),
    ]


async def _get_page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(_PAGE / "index.html", headers=PAGE_HEADERS)


async def _get_file(request: web.Request) -> web.StreamResponse:
    file = find_file(_PAGE, request.match_info["path"])
    if file is None:
        raise web.HTTPNotFound
    return web.FileResponse(file, headers=file_headers(file))


async def _get_avatar(request: web.Request) -> web.StreamResponse:
    given = request.match_info["user_id"]
    user_id = int(given) if given.isdecimal() and len(given) <= 20 else 0
    picture = _bot() if user_id == ids.BOT_ID else _member(user_id)
    return web.Response(text=picture, content_type="image/svg+xml", headers=PAGE_HEADERS)


def _member(user_id: int) -> str:
    """Return a member's avatar: the first letter of the name on two colours."""
    light, dark = _COLOURS.get(user_id, ("#5865f2", "#3c45a5"))
    return _svg(
        light,
        dark,
        '<text x="40" y="54" font-family="Noto Sans, Helvetica, Arial, sans-serif" font-size="38" font-weight="600" '
        f'text-anchor="middle" fill="#fff">{_NAMES.get(user_id, "?")[0]}</text>',
    )


def _bot() -> str:
    """Return the bot's avatar: a shop with an awning."""
    return _svg(
        "#5865f2",
        "#3239a8",
        '<path fill="#fff" d="M20 38h40v20a3 3 0 0 1-3 3H23a3 3 0 0 1-3-3z"/>'
        '<path fill="#ffd166" d="M22 20h36l6 14a6 6 0 0 1-12 1 6 6 0 0 1-12 0 6 6 0 0 1-12 0 6 6 0 0 1-12-1z"/>'
        '<path fill="#3239a8" d="M44 45h9v16h-9z"/><path fill="#8ea1ff" d="M26 45h12v9H26z"/>',
    )


def _svg(light: str, dark: str, shapes: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><defs><linearGradient id="g" x2="1" y2="1">'
        f'<stop stop-color="{light}"/><stop offset="1" stop-color="{dark}"/></linearGradient></defs>'
        f'<rect width="80" height="80" fill="url(#g)"/>{shapes}</svg>'
    )
