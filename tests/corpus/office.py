"""Round trips through LibreOffice: what its Word, OpenDocument and Excel filters make of a file. Skips nothing itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOFFICE = shutil.which("soffice")


def convert(files: dict[str, bytes], steps: tuple[str, ...], folder: Path) -> dict[str, bytes]:
    """The files after these conversions one after the other (docx → odt → docx), all files of a step in one call."""
    source = folder / "0"
    source.mkdir(parents=True)
    for name, content in files.items():
        (source / name).write_bytes(content)
    for number, step in enumerate(steps, 1):
        target = folder / str(number)
        target.mkdir()
        command = [
            str(SOFFICE), f"-env:UserInstallation={(folder.parent / 'profile').as_uri()}", "--headless", "--norestore",
            "--convert-to", step, "--outdir", str(target), *(str(path) for path in sorted(source.iterdir())),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=150)
        source = target
    return {path.name: path.read_bytes() for path in sorted(source.iterdir())}
