"""Raw mails on disk, each under the SHA-256 of its bytes: `mail/ab/abcdef….eml`.

Knows nothing of what a mail says, nor which were processed; never changes or deletes one that was kept. Where programs on
several machines share a store, each mail is in there too, and comes from there to whoever needs it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Protocol

_IDENTIFIER = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".unfinished"
PIECE = 4 << 20


class Shared(Protocol):
    """Where mails are kept for the others: the store."""

    def keep_mail(self, mail: str, pieces: Iterable[bytes]) -> None: ...

    def kept_mail(self, mail: str) -> Iterator[bytes]: ...


class Spool:
    """The folder `ANNEX_DATA/mail`; a mail is complete under its name or not there at all. `shared` None if it is all there is."""

    def __init__(self, root: Path, shared: Shared | None = None) -> None:
        self.root = root
        self._shared = shared

    def put(self, chunks: Iterable[bytes]) -> str:
        """Keep one mail, given in pieces, and return its id; the same bytes again change nothing.

        The bytes are on disk when this returns. What `chunks` raises passes through, leaving nothing behind.
        """
        mail = self._put(chunks)
        if self._shared is not None:
            self._shared.keep_mail(mail, _pieces(self.path(mail)))
        return mail

    def _put(self, chunks: Iterable[bytes]) -> str:
        _make_folder(self.root)
        descriptor, name = tempfile.mkstemp(dir=self.root, suffix=_UNFINISHED)
        unfinished = Path(name)
        try:
            digest = hashlib.sha256()
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            return self._settle(unfinished, digest.hexdigest())
        finally:
            unfinished.unlink(missing_ok=True)

    def _settle(self, unfinished: Path, mail: str) -> str:
        final = self.path(mail)
        if not final.exists():
            _make_folder(final.parent)
            unfinished.replace(final)
            _sync_folder(final.parent)
        return mail

    def path(self, mail: str) -> Path:
        """Where this mail lies, or would lie. Raises ValueError for anything but a SHA-256 in hex."""
        if not _IDENTIFIER.fullmatch(mail):
            raise ValueError(f"no mail id: {mail!r}")
        return self.root / mail[:2] / f"{mail}.eml"

    def file(self, mail: str) -> Path:
        """The file of a mail, which another machine may have kept. Raises FileNotFoundError where it was never kept."""
        path = self.path(mail)
        if self._shared is not None and not path.exists():
            pieces = self._shared.kept_mail(mail)
            first = next(pieces, None)
            if first is not None:
                self._put(chain((first,), pieces))
        if not path.exists():
            raise FileNotFoundError(path)
        return path

    def read(self, mail: str) -> bytes:
        """The mail as it came. Raises FileNotFoundError where it was never kept."""
        return self.file(mail).read_bytes()

    def remove(self, mail: str) -> None:
        """Forget a mail for good; its folder goes with it when nothing else is in there."""
        path = self.path(mail)
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def sweep(self) -> int:
        """Remove what an interrupted run left unfinished, say how much; for the run that holds the lock."""
        swept = 0
        for path in self.root.glob(f"*{_UNFINISHED}"):
            path.unlink(missing_ok=True)
            swept += 1
        return swept


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _make_folder(folder: Path) -> None:
    """Create a folder that only its owner may enter; its entry in the parent is on disk as well."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    # A renamed file survives a power cut only once its folder is written; some systems cannot open a folder.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
