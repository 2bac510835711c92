"""Why an alert was not taken, in the language in use: from the address, and from what Apprise says in English. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Final

from supervisor.locale import N_, _

#: how addresses of common services look; TOKEN and the like stand for one's own
FORMS: Final = {
    "tgram": "tgram://BOT_TOKEN/CHAT_ID",
    "discord": "discord://WEBHOOK_ID/WEBHOOK_TOKEN",
    "mailto": "mailto://USER:PASSWORD@DOMAIN?smtp=SERVER&to=ADDRESS",
    "mailtos": "mailtos://USER:PASSWORD@DOMAIN?smtp=SERVER&to=ADDRESS",
    "ntfy": "ntfy://TOPIC",
    "ntfys": "ntfys://HOST/TOPIC",
    "slack": "slack://TOKEN_A/TOKEN_B/TOKEN_C",
    "gotify": "gotify://HOST/TOKEN",
    "gotifys": "gotifys://HOST/TOKEN",
    "pover": "pover://USER_KEY@TOKEN",
    "whatsapp": "whatsapp://TOKEN@PHONE_ID/NUMBER",
    "json": "json://HOST:PORT/PATH",
    "jsons": "jsons://HOST:PORT/PATH",
}
_BOT_TOKEN: Final = re.compile(r"(?:bot)?\d+(?::|%3A)[\w-]+", re.IGNORECASE)

#: what Apprise says, as a pattern, and our words for it
_SAID: Final = (
    (
        r"chat not found",
        N_("Telegram does not know this chat; correct the chat id in the address, then write something to the bot"),
    ),
    (r"blocked by the user", N_("the recipient has blocked this bot of Telegram")),
    (
        r"detect a Telegram user",
        N_("nobody has written to this bot of Telegram yet; write something to it, or name the chat in the address"),
    ),
    (r"There were not Telegram chat_ids", N_("no chat id in the address is one; it is a number, or begins with @")),
    (
        r"connection error while submitting email",
        N_("the mail server cannot be reached, or refuses name and password; correct them in the address"),
    ),
    (r"connection error|communication error", N_("nobody answers there; check the network, and the address")),
    (r"timed? ?out", N_("no answer in time")),
)
#: what services answer, and our words for it; `%(said)s` are their own
_STATUS: Final = {
    400: N_("it does not accept the message or the address (400: %(said)s)"),
    401: N_("it refuses the token or password in the address (401)"),
    403: N_("it refuses the token or password in the address, or may not write there (403)"),
    404: N_("it does not know what the address names; correct the token or the path (404)"),
    405: N_("it takes no messages at this address; correct the path (405)"),
    413: N_("the message is too long for it (413)"),
    429: N_("it is asked too often (429)"),
}


def not_taken(said: Sequence[str]) -> str:
    """Return why a message was not taken. `said`: Apprise's warnings, without secrets, in their order."""
    words = "; ".join(said)
    if not words:
        return _("it was not taken, and nobody said why")
    for pattern, text in _SAID:
        if re.search(pattern, words, re.IGNORECASE):
            return _(text)
    if found := re.search(r"\berror=(\d{3})\b", words):
        status = int(found[1])
        if status in _STATUS:
            return _(_STATUS[status]) % {"said": words}
        if status >= 500:
            return _("it is in trouble itself (%(status)d)") % {"status": status}
        return _("it answered %(status)d (%(said)s)") % {"status": status, "said": words}
    return _("it was not taken (%(said)s)") % {"said": words}


def not_an_address(url: str, schemes: Collection[str]) -> str:
    """Return what is wrong with an address that Apprise does not take. `schemes`: what an address may begin with."""
    scheme, _colon, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in schemes:
        near = difflib.get_close_matches(scheme, sorted(schemes), n=1)
        if near:
            text = _("no service has addresses that begin with %(scheme)s://; did you mean %(near)s://?")
            return text % {"scheme": scheme, "near": near[0]}
        text = _("no service has addresses that begin with %(scheme)s://; Apprise has a list of those that there are")
        return text % {"scheme": scheme}
    if scheme == "tgram" and (problem := _of_telegram(rest)):
        return problem
    if scheme in FORMS:
        return _("a part is missing or wrong; expected %(form)s") % {"form": FORMS[scheme]}
    text = _("a part of what follows %(scheme)s:// is missing or wrong; Apprise tells what such an address looks like")
    return text % {"scheme": scheme}


def _of_telegram(rest: str) -> str | None:
    """Say what is wrong with the token behind tgram://; None if it is not that."""
    token = re.split(r"[/?]", rest)[0]
    facts = {"form": FORMS["tgram"]}
    if not token:
        return _("the token is missing; expected %(form)s with the token that @BotFather gave") % facts
    if not _BOT_TOKEN.fullmatch(token):
        text = _(
            "what follows tgram:// is no token; expected %(form)s with the token as @BotFather gave it: digits, a "
            "colon, letters"
        )
        return text % facts
    return None
