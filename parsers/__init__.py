"""Document bytes to transcripts: `read(content, name)`, which `prepare` before it may quicken for several files.

Knows nothing of mail, rules or storage and never judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parsers.catalogue import prepare, read

__all__ = ["prepare", "read"]


def __getattr__(name: str) -> Any:
    """Load the readers when the first document is read; many a run meets none, and needs the values alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from parsers import catalogue

    return getattr(catalogue, name)
