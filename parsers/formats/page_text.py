"""The text of a cell or paragraph of a web page: blanks folded as a browser folds them, lines where it breaks them.

It knows neither elements nor styles, only the look it is told.
"""

from __future__ import annotations

import re

from parsers.formats.symbols import marks
from parsers.formats.text_run import Text
from parsers.formats.web_look import PLAIN, PageLook
from parsers.model import Grid, Picture

BLANKS = re.compile(r"[ \t\r\n\f]+")
# Between two ideographs a line break of the source is no blank (CSS Text 3, 4.1.3).
BROKEN_WORD = re.compile(
    r"(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])[ \t]*\r?\n\s*(?=[\u2e80-\u9fff\uff00-\uffef])"
)
ADDRESS = re.compile(r"(?:https?|ftp|mailto):", re.I)


class PageText:
    """Text being gathered; `plain` is what was added so far without its looks."""

    def __init__(self) -> None:
        self._text = Text()
        self._parts: list[str] = []
        self._ended = True

    @property
    def pictures(self) -> list[Picture]:
        return self._text.pictures

    @property
    def plain(self) -> str:
        return "".join(self._parts)

    def add(self, text: str | None, look: PageLook) -> None:
        """Add text as the source has it."""
        if not text or look.hidden:
            return
        if look.font:
            text = marks(text, look.font)
        if look.kept:
            text = text.replace("\r\n", "\n")
        else:
            text = BLANKS.sub(" ", BROKEN_WORD.sub("", text) if "\n" in text else text)
            # At the beginning of a line, and behind another blank, a blank is not seen.
            text = text.lstrip(" ") if self._ended else text
        if text:
            self._put(text, look.on)

    def _put(self, text: str, bits: int) -> None:
        self._text.add(text, bits)
        self._parts.append(text)
        self._ended = text[-1] in " \n"

    def break_line(self, look: PageLook) -> None:
        """A line break that was written as such."""
        self._put("\n", look.on)

    def end_line(self) -> None:
        """Begin a new line, unless one has just begun."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self._text.end_line()
            self._parts.append("\n")
            self._ended = True

    def link(self, target: str) -> None:
        """Add an address outside the page, once."""
        if ADDRESS.match(target.strip()):
            self._text.links[target.strip()] = None

    def copy(self, grid: Grid) -> None:
        """Add the text of a table that stands in this cell, a line for each row."""
        self.end_line()
        for row in range(grid.row_count):
            text = "\t".join(cell.text for cell in grid.row(row) if cell.row == row)
            self.add(text, PLAIN._replace(kept=True))
            self.end_line()
        self._text.pictures += [picture for cell in grid.cells for picture in cell.pictures]
        self._text.links.update(dict.fromkeys(link for cell in grid.cells for link in cell.links))

    def finish(self) -> Text:
        """The whole text."""
        return self._text
