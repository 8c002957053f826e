"""A raw mail → Message: addresses, subject, the sender's own words, files, and whether a person wrote it.

mail-parser reads what is not plain in the head (addresses, Received); names, texts and files come from the original
bytes, because labels lie and attached mails must stay whole. Archives and attached mails are left closed; nothing is ever raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import Any

from parsers.charset import decoded
from pipeline import addresses, automatic, bodies, charsets, cloud, delivery, forwards, parts, pasted
from pipeline.model import Address, Automatic, CloudLink, Message

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
# Headers that are looked at by name; the others are never decoded.
_HEADERS = frozenset(
    {"return-path", "from", "to", "message-id", "reply-to", "sender", "content-type", "auto-submitted", "precedence"}
    | {"received-spf", "authentication-results"}
)

Headers = Mapping[str, tuple[str, ...]]
# The head as mail-parser reads it, which it does when first asked.
Head = Callable[[], Any]


def decode(raw: bytes, own_address: str = "") -> Message:
    """Decode any bytes as a mail; what is missing or garbled is "" or None. `own_address` is the mailbox's own."""
    tree = parts.parse(raw)
    headers = parts.headers(tree)
    head = cache(partial(_head, headers))
    sender = _address(head, headers, "from") or _address(head, headers, "sender")
    sender = sender or _address(head, headers, "return-path") or addresses.as_written(headers.get("from", ("",))[0])
    subject = charsets.header(headers.get("subject", ("",))[0])
    text, html = parts.texts(tree)
    body = bodies.own_html(html)
    own = bodies.own_text(text) or body.text
    files = parts.files(tree, html)
    attached = sum(1 for file in files if not file.inline)
    actions = delivery.actions(tree)
    reason = _automatic(headers, sender.address, subject, own or text or html, attached, own_address, actions)
    returned = reason in (Automatic.BOUNCE, Automatic.DELIVERY)
    if returned:
        # What a bounce carries is our own mail coming back.
        files, attached = (), 0
    ours = reason is not None and reason.is_handed_in
    # What staff hand in is answered to nobody, least of all to us.
    reply_to = Address() if ours else _reply_to(head, headers, own_address) or sender
    forwards_some = reason is None or ours
    return Message(
        message_id=next(iter(_ids(headers.get("message-id", ())[:1])), ""),
        sender=sender,
        reply_to=reply_to,
        subject=subject,
        text=own,
        references=tuple(_ids([*headers.get("references", ()), *headers.get("in-reply-to", ())])),
        attachments=files if returned else (*files, *pasted.pasted_form(body, text)),
        attached=attached,
        cloud_links=_links(body, own, text, html, bool(attached) or not forwards.is_forward(subject)),
        automatic=reason,
        received_at=_received_at(head, headers),
        forwarded_from=forwards.origin(tree, subject, text, html, own_address) if forwards_some else Address(),
    )


def _head(headers: Headers) -> Any:
    """The headers with addresses and times as mail-parser reads them, None where it cannot."""
    import mailparser

    lines = [
        f"{name}: {decoded(charsets.original(headers[name][0]))}\n"
        for name in ("from", "sender", "reply-to", "received")
        if name in headers
    ]
    try:
        return mailparser.parse_from_string("".join(lines) + "\n")
    except Exception:
        # Whatever it stumbles over, the addresses are looked for in the headers themselves.
        return None


def _address(head: Head, headers: Headers, name: str) -> Address | None:
    def structured() -> Any:
        return getattr(head(), name.replace("-", "_"), None) if name != "return-path" else None

    return addresses.of_header(headers.get(name, ("",))[0], structured)


def _reply_to(head: Head, headers: Headers, own_address: str) -> Address | None:
    """Whom Reply-To names; None where nobody reads what is sent there, or it would come back to ourselves."""
    found = _address(head, headers, "reply-to")
    if found and (automatic.is_unread(found.address) or found.address == own_address.lower()):
        return None
    return found


def _automatic(
    headers: Headers, sender: str, subject: str, text: str, files: int, own_address: str, actions: Collection[str]
) -> Automatic | None:
    wanted = {name for name in headers if name in _HEADERS or name.startswith(("x-auto", "x-qq-auto", "list-"))}
    wanted |= headers.keys() & {"feedback-id", "x-mailing-list", "mailing-list"}
    decoded = {name: tuple(charsets.header(value) for value in headers[name][:3]) for name in wanted}
    return automatic.classify(
        decoded,
        sender=sender,
        subject=subject,
        text=text,
        files=files,
        own_address=own_address,
        actions=actions,
    )


def _ids(values: Any) -> list[str]:
    """Message-IDs in order, each once, whatever stands between them; a bare one gets its brackets."""
    found: dict[str, None] = {}
    for value in values:
        text = charsets.header(value)
        for identifier in _MESSAGE_ID.findall(text):
            found.setdefault(identifier)
        bare = text.strip("<> ")
        if bare and not _MESSAGE_ID.search(text) and "@" in bare and " " not in bare:
            found.setdefault(f"<{bare}>")
    return list(found)


def _links(body: bodies.Html, own: str, text: str, html: str, own_only: bool) -> tuple[CloudLink, ...]:
    """Cloud links of the sender's own part; of a forward that brings nothing else, those it forwards."""
    found = cloud.own_links(body, own)
    if found or own_only:
        return found
    return cloud.own_links(bodies.own_html(html, quotes=True), text)


def _received_at(head: Head, headers: Headers) -> datetime | None:
    """The instant of the topmost Received header; a zone that is not told is taken for Beijing's."""
    value = headers.get("received", ("",))[0]
    stamp = charsets.header(value).rpartition(";")[2]
    try:
        instant = parsedate_to_datetime(stamp)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC if "-0000" in stamp else timezone(timedelta(hours=8)))
        return instant.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _hop(head())


def _hop(head: Any) -> datetime | None:
    """The same as mail-parser made it out, which knows odd ways of writing it."""
    try:
        stamp = head.received[-1].get("date_utc") if head is not None and head.received else None
        instant = datetime.fromisoformat(stamp) if stamp else None
        return instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None
