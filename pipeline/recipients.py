"""Whether an address can be written to at all: asked by whoever chooses an address, is given one, or sends to it.

Only its form is looked at; whether anybody reads there is for the servers to say.
"""

from __future__ import annotations

import re

# Without SMTPUTF8, which NetEase does not offer (RFC 5321 4.1.2, quoted names and address literals left out).
_NAME = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LONGEST = 254


def may_be_written_to(address: str, lone_host: bool = False) -> bool:
    """Whether a text is one mail address, bare and in ASCII; with `lone_host` its domain may be a name without a dot, as the
    operator's own may be."""
    form = rf"{_NAME}@{_LABEL}(?:\.{_LABEL}){'*' if lone_host else '+'}"
    return len(address) <= _LONGEST and re.fullmatch(form, address, re.ASCII) is not None
