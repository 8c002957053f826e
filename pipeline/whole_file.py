"""Files that appear whole or not at all: written beside their place, and put there in one step.

What a kill leaves behind is called `.….tmp` (Office.sweep takes it away). What stands in a file is its writer's business.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def replacing(path: Path, beside: Path | None = None, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file (0600) to write to, which takes the place of `path` where the block ends well, and is gone where it does not.

    It is written in the folder `beside` on the same disk, the one of `path` if none is named. One that is not `durable` may
    be lost in a power cut.
    """
    with NamedTemporaryFile(dir=beside or path.parent, prefix=".", suffix=".tmp", delete=False) as file:
        try:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            file.close()
            os.replace(file.name, path)
        finally:
            file.close()
            with suppress(FileNotFoundError):
                os.unlink(file.name)
