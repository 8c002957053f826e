"""A university that nobody knows yet: what came stands under a mark and the correspondent's address until a form names it."""

from __future__ import annotations

MARK = "?"


def waiting_for(address: str) -> str:
    """The name under which is kept what this correspondent sent for a university that is not known."""
    return f"{MARK}{address}"


def is_unnamed(university: str) -> bool:
    """Whether a name is such a one."""
    return university.startswith(MARK)
