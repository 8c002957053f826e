"""What in a package acts by itself or fetches from elsewhere once it is opened: macros, controls, OLE objects, DDE, remote files.

A file with such a thing is sent on to nobody, least of all to whom its sender named. It takes nothing out of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from parsers.formats.run_look import W

# The last word of a relationship's type, in lower case (ECMA-376 part 1, MS-OFFMACRO2).
ACTIVE = frozenset({
    "vbaproject", "oleobject", "package", "control", "externallink", "connections", "xlmacrosheet", "xlintlmacrosheet",
    "afchunk", "mailmergesource", "attachedtoolbars",
})  # fmt: skip
# A template or picture on the sender's own machine, which Word and WPS note down, is on nobody else's.
LOCAL = re.compile(r"(?:file:///)?[A-Za-z]:.*|[^:/\\%]*")
DDE = re.compile(r"(?<![A-Z])DDE", re.IGNORECASE)
# XML in UTF-16, where no name is found among the bytes.
WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def acts(name: str, content: bytes, tree: Callable[[bytes], Any]) -> bool:
    """Whether a part leads to such a thing, or is a text with a field that asks another program; `tree` parses XML."""
    if name.lower().endswith(".rels"):
        return any(map(_leads_to_it, tree(content)))
    # What a field says may be spread over many runs.
    fields = b"instrText" in content or b"fldSimple" in content or content.startswith(WIDE)
    return fields and DDE.search("".join(_words(tree(content)))) is not None


def _leads_to_it(relation: Any) -> bool:
    kind = relation.get("Type", "").rpartition("/")[2].lower()
    remote = relation.get("TargetMode") == "External" and LOCAL.fullmatch(relation.get("Target", "")) is None
    # A hyperlink waits until somebody follows it.
    return kind in ACTIVE or (remote and kind != "hyperlink")


def _words(root: Any) -> Iterator[str]:
    for element in root.iter(f"{W}instrText", f"{W}fldSimple", f"{W}fldChar"):
        yield (element.text or "") if element.tag == f"{W}instrText" else f"\n{element.get(f'{W}instr', '')}\n"
