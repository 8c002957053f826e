"""Whether the title above a form says that it belongs to another programme (三下乡, 挑战杯, 大创 …).

Forms of other programmes have many of the same labels. Only what is sure counts: a form without a title, or with a
mangled one, is not ruled out here.
"""

from __future__ import annotations

import re

from parsers.model import Document, Paragraph
from parsers.text import fold

_TITLE = re.compile(r".{0,60}(?:申报|申请|报名|登记|推荐|立项|评审)[表书].{0,8}")
_OWN = re.compile("实事|为同学")
_ANOTHER = re.compile(
    r"三下乡|[暑寒].{0,6}社会实践|挑战杯|大创|创新创业|创青春|互联网\+|科研|课题|竞赛|大赛|奖学金|助学金"
)
# A cell or paragraph longer than this is no title.
_LONGEST = 80


def names_another_programme(document: Document, block: int, project: str) -> bool:
    """Whether a title above the form that begins at this block names another programme, and none names this one.

    A title that is made of the name of the project may hold any word.
    """
    titles = " ".join(_titles(document, block))
    name = fold(project)
    by_project = name in titles and _ANOTHER.search(name) is not None
    return _ANOTHER.search(titles) is not None and _OWN.search(titles) is None and not by_project


def _titles(document: Document, block: int) -> list[str]:
    """The titles above the form up to the next table, and those in its own first rows, as comparison copies."""
    start = document.blocks[block]
    texts = [start.text] if isinstance(start, Paragraph) else [text for row in (0, 1) for _, text in start.texts(row)]
    for above in reversed(document.blocks[:block]):
        if not isinstance(above, Paragraph):
            break
        texts.append(above.text)
    return [title for text in texts if len(text) <= _LONGEST and _TITLE.fullmatch(title := fold(text))]
