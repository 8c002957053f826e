"""Names of WordprocessingML elements, and what single elements say: a check box, a form field, an alternative.

Pure functions of one element each (ECMA-376 part 1, [MS-DOCX] for w14); walking a document is not done here.
"""

from __future__ import annotations

from typing import Any

from parsers.formats.fields import TICKED, UNTICKED
from parsers.formats.run_look import OFF, VAL, W

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
VML = "{urn:schemas-microsoft-com:vml}"

PARAGRAPH, TABLE, ROW, CELL, RUN, TEXT = (f"{W}{name}" for name in ("p", "tbl", "tr", "tc", "r", "t"))
RUN_LOOK, PARAGRAPH_LOOK, CONTROL, FIELD = (f"{W}{name}" for name in ("rPr", "pPr", "sdt", "fldChar"))
HYPERLINK, SIMPLE_FIELD, BOX_CONTENT = (f"{W}{name}" for name in ("hyperlink", "fldSimple", "txbxContent"))
ALTERNATIVES, BLIP, VML_IMAGE = f"{MC}AlternateContent", f"{A}blip", f"{VML}imagedata"
INSERTED = frozenset({f"{W}ins", f"{W}moveTo"})
DELETED = frozenset({f"{W}del", f"{W}moveFrom"})
REVISIONS = INSERTED | DELETED
TRANSPARENT = frozenset(f"{W}{name}" for name in ("smartTag", "customXml", "bdo", "dir"))
WRAPPERS = REVISIONS | TRANSPARENT | {CONTROL, ALTERNATIVES, HYPERLINK, SIMPLE_FIELD}
FORMULAS = frozenset({f"{MATH}oMath", f"{MATH}oMathPara"})
GRAPHICS = frozenset(f"{W}{name}" for name in ("drawing", "pict", "object"))


def alternative(element: Any) -> Any:
    """The first choice that shows something, else the fallback, else the first choice; None if there is none.

    The choices of mc:AlternateContent (ECMA-376 part 3) say the same thing twice, so exactly one is taken.
    """
    choices = element.findall(f"{MC}Choice")
    for choice in choices:
        if next(choice.iter(TEXT, f"{W}sym", FIELD, BLIP, VML_IMAGE), None) is not None:
            return choice
    fallback = element.find(f"{MC}Fallback")
    return fallback if fallback is not None or not choices else choices[0]


def checkbox(box: Any) -> str:
    """The state of a check box control (w14:checkbox), whatever glyphs it was given."""
    checked = box.find(f"{W14}checked")
    return UNTICKED if checked is None or checked.get(f"{W14}val", "1") in OFF else TICKED


def form_field(mark: Any) -> str | None:
    """What a form field of Word 97 shows: a box or the chosen entry; None for a text field or no form field."""
    data = mark.find(f"{W}ffData")
    if data is None:
        return None
    box, choices = data.find(f"{W}checkBox"), data.find(f"{W}ddList")
    if box is not None:
        state = _stated(box, "checked")
        return UNTICKED if state is None or state.get(VAL, "1") in OFF else TICKED
    if choices is None:
        return None
    entries = [entry.get(VAL, "") for entry in choices.findall(f"{W}listEntry")]
    chosen = _stated(choices, "result")
    index = chosen.get(VAL, "0") if chosen is not None else "0"
    return entries[int(index)] if index.isdecimal() and len(index) < 8 and int(index) < len(entries) else ""


def _stated(data: Any, name: str) -> Any:
    state = data.find(f"{W}{name}")
    return data.find(f"{W}default") if state is None else state
