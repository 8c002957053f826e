"""The same forms in the formats that only another program writes, through LibreOffice where it is installed.

It reads nothing back; a format LibreOffice cannot write is simply not measured.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

# The name of each format's export filter where the extension alone leaves a choice.
FILTERS = {
    "xls": "xls:MS Excel 97",
    "doc": "doc:MS Word 97",
    "rtf": "rtf:Rich Text Format",
    "docx": "docx:MS Word 2007 XML",
}
SECONDS = 120


def available() -> bool:
    """Whether LibreOffice is installed."""
    return shutil.which("soffice") is not None


class Converter:
    """LibreOffice with a profile of its own, made once, so that later calls are as quick as it can be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._profile = (folder / "profile").as_uri()

    def convert(self, contents: Sequence[bytes], source: str, target: str) -> list[bytes]:
        """Convert files of one format in one call, in order. Raises RuntimeError where one does not come out."""
        with tempfile.TemporaryDirectory(dir=self._folder) as place:
            names = [f"{number}.{source}" for number in range(len(contents))]
            for name, content in zip(names, contents, strict=True):
                Path(place, name).write_bytes(content)
            command = ["soffice", f"-env:UserInstallation={self._profile}", "--headless", "--norestore"]
            command += ["--convert-to", FILTERS.get(target, target), "--outdir", f"{place}/out", *names]
            subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=SECONDS)
            made = [Path(place, "out", f"{number}.{target}") for number in range(len(contents))]
            if not all(path.exists() for path in made):
                raise RuntimeError(f"LibreOffice wrote no .{target}")
            return [path.read_bytes() for path in made]
