"""Text being gathered for a cell or paragraph: pieces with a style, links and pictures.

It joins neighbours of one style into runs and knows nothing of the format the pieces come from.
"""

from __future__ import annotations

from functools import cache

from parsers.formats.symbols import PRIVATE, marks
from parsers.model import Picture, Run, Style


@cache
def _style(bits: int) -> Style:
    # Building a flag value costs far more than looking one up, and a document uses a handful of them.
    return Style(bits)


class Text:
    """Pieces in reading order; `runs()` closes the text and may be called once it is complete."""

    __slots__ = ("_pieces", "drawn", "links", "pictures")

    def __init__(self) -> None:
        self._pieces: list[tuple[str, int]] = []
        # Addresses in order, each once.
        self.links: dict[str, None] = {}
        self.pictures: list[Picture] = []
        # Whether anything is drawn over the text that is neither a picture nor a box with text in it.
        self.drawn = False

    def add(self, text: str, bits: int) -> None:
        """Add a piece; `bits` is the value of its Style."""
        self._pieces.append((text, bits))

    def end_line(self) -> None:
        """End a line. A line break takes the style of what precedes it, lest it part two equal runs."""
        self._pieces.append(("\n", self._pieces[-1][1] if self._pieces else 0))

    def runs(self) -> tuple[Run, ...]:
        """The runs, neighbours of one style joined, without the break that ends the last line."""
        pieces = self._pieces
        if pieces and pieces[-1][0] == "\n":
            pieces.pop()
        if len(pieces) == 1:
            return (run_of(*pieces[0]),)
        joined: list[Run] = []
        texts: list[str] = []
        current = 0
        for text, bits in pieces:
            if bits != current and texts:
                joined.append(run_of("".join(texts), current))
                texts = []
            current = bits
            texts.append(text)
        if texts:
            joined.append(run_of("".join(texts), current))
        return tuple(joined)


def run_of(text: str, bits: int = 0) -> Run:
    """Text of one style as a run; `bits` is the value of its Style."""
    return Run(marks(text) if PRIVATE.search(text) else text, _style(bits))
