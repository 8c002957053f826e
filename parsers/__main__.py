"""`python -m parsers FILE...` prints what the files say as JSON; it checks nothing against the rules."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from parsers.catalogue import read
from parsers.model import Transcript


def as_json(path: str, transcript: Transcript) -> dict[str, Any]:
    """A transcript as plain values; places as a person reads them."""
    return {
        "path": path,
        "form": transcript.form,
        "format": transcript.format,
        "data": msgspec.to_builtins(transcript.record) if transcript.record else {},
        "places": {name: str(place) for name, place in transcript.places.items()},
        "problems": [{"kind": problem.kind.value, "detail": problem.detail} for problem in transcript.problems],
        "notes": list(transcript.notes),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the transcripts of the named files; 0 when all could be opened, 1 when one could not, 2 wrong usage."""
    options = argparse.ArgumentParser(prog="python -m parsers", description="读出文件中的表格内容，输出 JSON")
    options.add_argument("files", nargs="+", type=Path, metavar="文件")
    sheets = []
    for path in options.parse_args(arguments).files:
        try:
            content = path.read_bytes()
        except OSError as refusal:
            print(f"无法读取 {path}：{refusal.strerror}", file=sys.stderr)
            return 2
        sheets += [as_json(path.name, transcript) for transcript in read(content, path.name)]
    sys.stdout.buffer.write(json.dumps(sheets, ensure_ascii=False, indent=2).encode() + b"\n")
    return 1 if any(sheet["problems"] for sheet in sheets) else 0


if __name__ == "__main__":
    sys.exit(main())
