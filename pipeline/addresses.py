"""Addresses in headers and in quoted heads: who a mail is from, whatever the field looks like.

Only text is looked at; whether an address exists or may be answered is not decided here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from parsers.charset import decoded
from pipeline import charsets
from pipeline.model import Address

ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}(?![A-Za-z0-9@])"
)
# A field that nobody could read in two ways: its only address in brackets behind a name, or bare.
_SIMPLE = r"([A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63})"
# What stands so in raw text, where quotes and signs around an address are none of it.
SIMPLE = re.compile(_SIMPLE)
_PLAIN_BRACKETED, _PLAIN_BARE = re.compile(rf"[^<>@]*<{_SIMPLE}>\s*"), re.compile(rf"\s*{_SIMPLE}\s*")
_QUOTED = re.compile(r"'([^'<>@\s]{1,64}@[^'<>@\s]{1,253})'")
# What the last resort mends: full-width signs, a name in quotes that needs none (RFC 5322 3.4.1), a domain in Chinese (RFC 5890).
_WIDE = re.compile(r"[^\s<>＜＞]{1,300}[@＠][^\s<>＜＞]{1,300}")
_NAME_QUOTED = re.compile(r'"([A-Za-z0-9._+-]{1,64})"(?=@)')
_FOREIGN = re.compile(r"([A-Za-z0-9._+-]{1,64})@([\w.-]{3,253})")
_MAILTO = re.compile(r"mailto:\s*", re.IGNORECASE)
_MOST = 2000
# So much of a field without an address is shown.
_SHOWN = 120


def of_header(value: str, structured: Callable[[], Any] = lambda: None) -> Address | None:
    """The first valid address of a field as it stood, with its name; `structured` tells how mail-parser reads it."""
    if not value:
        return None
    text = _QUOTED.sub(r"\1", decoded(charsets.original(value)))
    plain = _PLAIN_BRACKETED.fullmatch(text) or _PLAIN_BARE.fullmatch(text)
    found = plain[1] if plain else _told(structured()) or _first(text)
    return Address(display_name(text, found), found.lower()) if found else _unusual(charsets.header(value)[:_MOST])


def as_written(value: str) -> Address:
    """What staff see of a field in which no address was found: its words as a name."""
    return Address(charsets.header(value)[:_SHOWN])


def _unusual(text: str) -> Address | None:
    """The address of a field that has none in its plain text: within an encoded word, or oddly written."""
    wide = str.maketrans("＜＞", "<>")
    text = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text).translate(wide)
    text = _NAME_QUOTED.sub(r"\1", text)
    found = _first(text)
    if found:
        return Address(display_name(text, found), found.lower())
    foreign = _FOREIGN.search(text)
    if foreign is None:
        return None
    try:
        address = f"{foreign[1]}@{foreign[2].encode('idna').decode('ascii')}".lower()
    except UnicodeError:
        return None
    return Address(display_name(text, foreign[0]), address) if ADDRESS.fullmatch(address) else None


def _told(structured: Any) -> str:
    told = [str(address) for _, address in structured] if isinstance(structured, list) else []
    return next((match[0] for each in told if (match := ADDRESS.fullmatch(each.strip()))), "")


def of_words(text: str) -> Address:
    """Whom a line like 张三 <a@b.cn> or 张三 [mailto:a@b.cn] names; the address is "" where only a name is shown."""
    text = _MAILTO.sub("", text[:_MOST]).replace("[", "<").replace("]", ">").replace("＜", "<").replace("＞", ">")
    found = _first(text)
    if found:
        return Address(display_name(text, found), found.lower())
    name = charsets.one_line(re.split(r"[;；<|]", text)[0]).strip("\"'“”‘’ *:：")
    return Address(name if len(name) <= 60 else "")


def _first(text: str) -> str:
    bracketed = [match[0] for each in re.findall(r"<([^<>]*)>", text) if (match := ADDRESS.search(each))]
    if bracketed:
        return bracketed[0]
    anywhere = ADDRESS.search(re.sub(r"=\?[^?]*\?[bBqQ]\?[^?]*\?=", " ", text))
    return anywhere[0] if anywhere else ""


def display_name(text: str, address: str) -> str:
    """The words before (or in a comment behind) the address, freed of quotes; "" if they only repeat it."""
    position = text.lower().find(f"<{address.lower()}")
    if position < 0:
        comment = re.search(r"\(([^()]{1,200})\)", text)
        phrase = comment[1] if comment else ""
    else:
        phrase = re.split(r">\s*,", text[:position])[-1]
    name = charsets.one_line(charsets.words(phrase.strip().encode("utf-8")))
    name = re.sub(r'\\(["\\])', r"\1", name).strip("\"'“”‘’ <")
    return "" if name.lower() == address.lower() else name
