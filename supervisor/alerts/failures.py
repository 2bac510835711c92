"""Why an alert was not delivered: texts for HTTP statuses, and the form that a URL should have. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Final

from supervisor.locale import N_, _

#: the form of URLs of common services; words in capitals stand for values
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

#: what an HTTP status says about the URL
_STATUS: Final = {
    400: N_("the service rejected the message or the URL (400)"),
    401: N_("the service rejected the token or password in the URL (401)"),
    403: N_("the service rejected the token or password in the URL, or does not allow it to write there (403)"),
    404: N_("the service does not know the token or the path in the URL (404)"),
    405: N_("the service accepts no messages at this path (405)"),
    413: N_("the message is too long for the service (413)"),
    429: N_("too many messages for the service (429)"),
}


def delivery_problem(messages: Sequence[str]) -> str:
    """Return why a message was not delivered. `messages`: the warnings of Apprise, redacted, in their order."""
    text = "; ".join(messages)
    if not text:
        return _("not delivered, without a reason")
    match = re.search(r"\berror=(\d{3})\b", text)
    status = int(match[1]) if match else 0
    if status in _STATUS:
        return f"{_(_STATUS[status])}: {text}"
    if status >= 500:
        return _("server error (%(status)d): %(text)s") % {"status": status, "text": text}
    return _("not delivered: %(text)s") % {"text": text}


def url_problem(url: str, schemes: Collection[str]) -> str:
    """Return what is wrong with a URL that Apprise rejects. `schemes`: the schemes that Apprise knows."""
    scheme = url.partition("://")[0].lower()
    if scheme in FORMS:
        return _("part of the URL is missing or wrong; expected %(form)s") % {"form": FORMS[scheme]}
    if scheme in schemes:
        text = _("part of the URL after %(scheme)s:// is missing or wrong; see the documentation of Apprise")
        return text % {"scheme": scheme}
    if near := difflib.get_close_matches(scheme, sorted(schemes), n=1):
        text = _("unknown service %(scheme)s://; did you mean %(near)s://?")
        return text % {"scheme": scheme, "near": near[0]}
    return _("unknown service %(scheme)s://; see the documentation of Apprise") % {"scheme": scheme}
