"""What stands inside a Word paragraph: runs, fields, links, pictures, gathered into the text being filled.

It does not know paragraphs or tables; text boxes it meets are put aside until their paragraph ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from parsers.formats import unsafe
from parsers.formats.docx_markup import (
    ALTERNATIVES,
    BLIP,
    BOX_CONTENT,
    FIELD,
    GRAPHICS,
    RUN,
    RUN_LOOK,
    TEXT,
    VML_IMAGE,
    R,
    alternative,
    form_field,
)
from parsers.formats.fields import Field, address, drawn
from parsers.formats.package import Package, Relation
from parsers.formats.run_look import PLAIN_LOOK, CharacterStyles, Look, W, look
from parsers.formats.symbols import marks
from parsers.formats.text_run import Text
from parsers.model import Picture

BREAKS = {
    f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-",
}  # fmt: skip
# A content control that was never filled shows its prompt; a filled one may carry the same flag by mistake.
PROMPT = re.compile(r"单击|点击|此处|选择一项|请输入|click|tap or|choose an", re.I)
# Word itself nests fields no deeper than twenty.
DEEPEST_FIELD = 100


class Inline:
    """The text being filled and all that decides what of a run goes into it.

    `glyph` is the box that stands for the next character, `prompt` whether a control shows its prompt, `boxes`
    the text boxes put aside.
    """

    def __init__(self, package: Package, main: str) -> None:
        self.text = Text()
        self.fields: list[Field] = []
        self.boxes: list[Any] = []
        self.glyph, self.prompt = "", False
        self._package, self._main = package, main
        # A method of this object would make a circle of references, which keeps the whole file in memory for long.
        self._styles = CharacterStyles(partial(_load_styles, package, main))

    @property
    def relations(self) -> dict[str, Relation]:
        return self._package.relations(self._main)

    def run(self, run: Any, seen: Look = PLAIN_LOOK) -> None:
        """Add a `w:r`, or any element that holds what a run holds."""
        for child in list(run):
            tag = child.tag
            if tag == TEXT:
                self.emit(child.text or "", seen)
            elif tag == RUN_LOOK:
                seen = look(child, self._styles)
            elif tag in BREAKS:
                self.emit(BREAKS[tag], seen)
            elif tag in PARTS:
                PARTS[tag](self, child, seen)

    def emit(self, text: str, seen: Look = PLAIN_LOOK) -> None:
        """Add text, unless a field takes it for its instruction or hides it, or it is a control's prompt."""
        if seen.hidden or not text:
            return
        if seen.font:
            text = marks(text, seen.font)
        if self.fields and not all(field.shows(text) for field in reversed(self.fields)):
            return
        if self.prompt and PROMPT.search(text):
            return
        if self.glyph and not text.isspace():
            text, self.glyph = self.glyph + text.lstrip()[1:], ""
        self.text.add(text, seen.on)

    def link(self, target: str) -> None:
        """Add the address of a link once."""
        if target:
            self.text.links[target] = None

    def link_of(self, identifier: str | None) -> None:
        """Add the address behind a relationship, if it leads out of the package."""
        relation = self.relations.get(identifier) if identifier else None
        if relation is not None and relation.external:
            self.link(relation.target)

    def end_of_paragraph(self) -> list[Any]:
        """Give up instructions that were never closed; returns the text boxes put aside."""
        while self.fields and not self.fields[-1].result:
            self.fields.pop()
        if not self.boxes:
            return []
        boxes, self.boxes = self.boxes, []
        return boxes

    def _symbol(self, symbol: Any, seen: Look) -> None:
        try:
            code = int(symbol.get(f"{W}char", ""), 16)
        except ValueError:
            return
        if 0x20 <= code < 0xD800 or 0xE000 <= code <= 0xFFFD:
            self.emit(marks(chr(code), symbol.get(f"{W}font", "")), seen._replace(font=""))

    def _instruction(self, element: Any, seen: Look) -> None:
        if self.fields and not self.fields[-1].result:
            self.fields[-1].instruction.append(marks(element.text or "", seen.font))

    def _field_mark(self, mark: Any, seen: Look) -> None:
        kind = mark.get(f"{W}fldCharType")
        if kind == "begin":
            shown = form_field(mark)
            if shown is not None:
                self.emit(shown, seen._replace(font=""))
            if len(self.fields) >= DEEPEST_FIELD:
                raise unsafe("文档中的域嵌套过深，超出安全限制")
            self.fields.append(Field(done=shown is not None))
        elif self.fields and kind in ("separate", "end"):
            field = self.fields[-1]
            if not field.result:
                self._decide(field, seen._replace(font=""))
            if kind == "end":
                self.fields.pop()

    def _decide(self, field: Field, seen: Look) -> None:
        """At the end of the instruction: draw what it draws and drop the result, or let the result come."""
        field.result = True
        if field.done:
            return
        instruction = "".join(field.instruction)
        text = drawn(instruction)
        if text is None:
            self.link(address(instruction))
        else:
            self.emit(text, seen)
            field.done = True

    def _ruby(self, ruby: Any, _: Look) -> None:
        """Of a phonetic guide (拼音指南) only the base text."""
        for base in ruby.iterfind(f"{W}rubyBase"):
            for run in base.iter(RUN):
                self.run(run)

    def _alternatives(self, element: Any, seen: Look) -> None:
        chosen = alternative(element)
        if chosen is not None:
            self.run(chosen, seen)

    def _drawing(self, element: Any, seen: Look) -> None:
        known = len(self.boxes) + len(self.text.pictures)
        self._graphic(element, seen)
        self.text.drawn |= len(self.boxes) + len(self.text.pictures) == known

    def _graphic(self, element: Any, seen: Look) -> None:
        """Pictures are kept at their place; the text of boxes waits until the paragraph ends."""
        for child in element:
            tag = child.tag
            if tag == BOX_CONTENT:
                self.boxes.append(child)
            elif tag == BLIP:
                self._picture(child.get(f"{R}embed"))
            elif tag == VML_IMAGE:
                self._picture(child.get(f"{R}id"))
            else:
                inner = alternative(child) if tag == ALTERNATIVES else child
                if inner is not None:
                    self._graphic(inner, seen)

    def _picture(self, identifier: str | None) -> None:
        relation = self.relations.get(identifier) if identifier else None
        if relation is not None and not relation.external:
            load = partial(self._package.read, relation.target)
            self.text.pictures.append(Picture(relation.target, load))


def _load_styles(package: Package, main: str) -> Any:
    relations = package.relations(main).values()
    part = next((relation.target for relation in relations if relation.kind == "styles" and not relation.external), "")
    return package.xml(part) if part else None


PARTS: dict[str, Callable[[Inline, Any, Look], None]] = {
    f"{W}sym": Inline._symbol, f"{W}instrText": Inline._instruction, FIELD: Inline._field_mark,
    f"{W}ruby": Inline._ruby, ALTERNATIVES: Inline._alternatives, **dict.fromkeys(GRAPHICS, Inline._drawing),
}  # fmt: skip
