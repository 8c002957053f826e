"""A zoo of hostile documents, each built when asked for: `ZOO` maps a name, which says what is wrong, to (file name, builder).

Builds files only; what reading them may cost stands in the test.
"""

from __future__ import annotations

from zoo import compound, inline, markup, open_tables, others, packages, tables, texts, workbooks
from zoo.cages import ZOO

__all__ = ["ZOO", "compound", "inline", "markup", "open_tables", "others", "packages", "tables", "texts", "workbooks"]
