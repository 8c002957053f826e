"""The files attached to a mail that Outlook saved as .msg ([MS-OXMSG]), a compound file like an old Word document.

The mail's words are not read. A mail attached to it is gone through as well; nothing is ever executed or followed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from parsers.charset import decoded
from pipeline import charsets
from pipeline.budget import MOST_LISTED, Broken, Budget, too_many
from pipeline.model import Attachment

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = "__properties_version1.0".encode("utf-16-le")
_OTHER_ENDINGS = (".doc", ".xls", ".ppt", ".wps", ".et", ".dps", ".docx", ".xlsx", ".dot", ".xlt")
_ATTACHMENT = "__attach_version1.0_"
_DATA, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = "3701", "3707", "3704", "3001"
_MOST_NESTED = 5


def is_outlook_mail(attachment: Attachment) -> bool:
    """Whether this is a .msg: a compound file of that name, or of no document's name and holding such properties."""
    if not attachment.content.startswith(_COMPOUND):
        return False
    name = attachment.path.lower()
    return name.endswith((".msg", ".oft")) or (not name.endswith(_OTHER_ENDINGS) and _PROPERTIES in attachment.content)


def files(attachment: Attachment, budget: Budget) -> Iterator[Attachment]:
    """The attachments of the mail, those of mails attached to it under that mail's name."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(attachment.content)) as compound:
            yield from _attached(compound, [], attachment.path, budget)
    except (Broken, GeneratorExit):
        raise
    except Exception:
        # The package promises no exception of its own for damaged files.
        raise Broken("unreadable", "Outlook 邮件文件已损坏") from None


def _attached(compound: Any, root: Sequence[str], path: str, budget: Budget) -> Iterator[Attachment]:
    listed = compound.listdir(streams=True, storages=False)
    if len(listed) > MOST_LISTED:
        raise too_many(budget.limits)
    depth = len(root)
    held: dict[str, dict[str, list[str]]] = {}
    for entry in listed:
        if list(entry[:depth]) == list(root) and len(entry) > depth + 1 and entry[depth].startswith(_ATTACHMENT):
            held.setdefault(entry[depth], {}).setdefault(entry[depth + 1], entry)
    for number, (storage, streams) in enumerate(sorted(held.items()), start=1):
        name = _name(compound, streams)
        if content := streams.get(f"__substg1.0_{_DATA}0102"):
            budget.charge(compound.get_size(content))
            yield Attachment(f"{path}/{name or f'附件{number}.bin'}", _bytes(compound, content))
        elif f"__substg1.0_{_DATA}000D" in streams and depth < 2 * _MOST_NESTED:
            inner = [*root, storage, f"__substg1.0_{_DATA}000D"]
            yield from _attached(compound, inner, f"{path}/{name or f'转发邮件{number}'}", budget)


def _name(compound: Any, streams: dict[str, list[str]]) -> str:
    """The file name of an attachment, "" if it has none."""
    for key in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME):
        for kind, label in (("001F", "utf-16-le"), ("001E", "")):
            stream = streams.get(f"__substg1.0_{key}{kind}")
            if stream and (name := charsets.file_name(decoded(_bytes(compound, stream)[:2000], label))):
                return name
    return ""


def _bytes(compound: Any, path: list[str]) -> bytes:
    content: bytes = compound.openstream(path).read()
    return content
