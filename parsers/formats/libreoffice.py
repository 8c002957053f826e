"""LibreOffice as a converter of old formats: files in, .docx bytes out, in a process of its own without network or macros.

Nothing is read here; where LibreOffice is not installed, `program` says so and nobody is asked to convert.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from threading import Lock
from time import monotonic

# Below the minute that whoever reads documents in a process of its own allows it, so that nothing is left running.
SECONDS = 50.0
MOST_AT_ONCE = 20
# What earlier calls gave, newest last; a pass reads the same file when it checks and when it replays.
MOST_KEPT = 64
MOST_KEPT_BYTES = 32 << 20
# More address space than any form needs, and less than would bring the machine down.
ADDRESS_SPACE = 4 << 30
PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
)
# What the program itself takes (some 205 MB for a page), with room for text; for pictures a few times the file's size.
MEMORY, MEMORY_BY_BYTE = 250 << 20, 3
LOOKED_AT_EVERY = 0.1
# The discard port of the own machine: whatever asks for the network is refused at once.
NOWHERE = "127.0.0.1:9"
OPTIONS = (
    "--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard", "--nolockcheck",
)  # fmt: skip
# For each kind of file its extension and the only reader it may get, lest a broken one be taken for plain text; the
# reader of Word 6 and 95 is left to be found by content.
KINDS = {
    "doc": ("doc", "MS Word 97"), "doc95": ("doc", ""), "rtf": ("rtf", "Rich Text Format"), "odt": ("odt", "writer8"),
    "wordml": ("xml", "MS Word 2003 XML"), "xls": ("xls", "MS Excel 97"), "ods": ("ods", "calc8"),
}  # fmt: skip
# What is written: a document as .docx, a workbook as .xlsx.
WORKBOOKS = ("xls", "ods")
DOCUMENT, WORKBOOK = ("docx", "MS Word 2007 XML"), ("xlsx", "Calc MS Excel 2007 XML")
# Macros and active content off, links to other files and servers never followed, no look for updates, a dead proxy.
SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "2"),
    ("org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    # Pictures are put aside as soon as they have been read, and not kept decoded until the document is closed.
    ("org.openoffice.Office.Common/Cache/GraphicManager", "GraphicMemoryLimit", "1000000"),
    ("org.openoffice.Office.Common/Cache/GraphicManager", "GraphicAllowedIdleTime", "0"),
    ("org.openoffice.Office.Jobs/Jobs/org.openoffice.Office.Jobs:Job['UpdateCheck']/Arguments", "AutoCheckEnabled",
     "false"),
    ("org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetNoProxy", ""),
)  # fmt: skip


class Excess(Exception):
    """The conversion took more than it may and was ended."""


class TimedOut(Excess):
    """The conversion took longer than its time limit."""


class TooLarge(Excess):
    """The conversion took more memory than its limit."""


def program() -> str | None:
    """The LibreOffice on this machine, None if there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return found or next((place for place in PLACES if os.access(place, os.X_OK)), None)


class _Kept:
    """Earlier results by the SHA-256 of what they were made from, within limits of number and size."""

    def __init__(self) -> None:
        self._results: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def keep(self, results: Mapping[bytes, bytes]) -> None:
        with self._lock:
            for key, result in results.items():
                self._size += len(result) - len(self._results.pop(key, b""))
                self._results[key] = result
            while self._results and (len(self._results) > MOST_KEPT or self._size > MOST_KEPT_BYTES):
                self._size -= len(self._results.popitem(last=False)[1])


_KEPT = _Kept()


def convert(content: bytes, kind: str) -> bytes | None:
    """The file as .docx, a workbook as .xlsx, None when LibreOffice cannot read it. `kind` is a key of KINDS.

    Raises TimedOut, TooLarge, and FileNotFoundError where there is no LibreOffice.
    """
    return convert_many([(content, kind)])[0]


def convert_many(files: Sequence[tuple[bytes, str]]) -> list[bytes | None]:
    """As `convert`, for several files in as few calls as possible, which together take no longer than SECONDS.

    Only a single file raises Excess: of several, those not done in time are None, and may be tried by themselves.
    """
    end = monotonic() + SECONDS
    keys = [hashlib.sha256(kind.encode() + b"\0" + content).digest() for content, kind in files]
    waiting = {key: file for key, file in zip(keys, files, strict=True) if _KEPT.get(key) is None}
    fresh: dict[bytes, bytes] = {}
    for kind in dict.fromkeys(kind for _, kind in files):
        pending = [(key, content) for key, (content, own) in waiting.items() if own == kind]
        while pending:
            batch, pending = pending[:MOST_AT_ONCE], pending[MOST_AT_ONCE:]
            fresh |= _call(batch, kind, end - monotonic(), alone=len(files) == 1)
    _KEPT.keep(fresh)
    return [fresh.get(key) or _KEPT.get(key) for key in keys]


def _call(batch: Sequence[tuple[bytes, bytes]], kind: str, seconds: float, alone: bool) -> dict[bytes, bytes]:
    """Run LibreOffice once over these files of one kind, each with its key; what it wrote, by key."""
    office = program()
    if office is None:
        raise FileNotFoundError("LibreOffice")
    with tempfile.TemporaryDirectory(prefix="annex-office-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        given, made = home / "in", home / "out"
        given.mkdir()
        made.mkdir()
        _write_profile(home / "profile")
        extension, reader = KINDS[kind]
        paths = [given / f"{number}.{extension}" for number in range(len(batch))]
        for path, (_, content) in zip(paths, batch, strict=True):
            path.write_bytes(content)
        written = WORKBOOK if kind in WORKBOOKS else DOCUMENT
        memory = MEMORY + MEMORY_BY_BYTE * max(len(content) for _, content in batch)
        command = [office, *_arguments(home, made, reader, written), *map(str, paths)]
        excess = _run(command, home, seconds, memory)
        results = {key: made / f"{number}.{written[0]}" for number, (key, _) in enumerate(batch)}
        read = {key: path.read_bytes() for key, path in results.items() if path.is_file()}
    if excess and alone:
        raise excess
    # The last file that was begun when the program was ended may be half written.
    return {key: content for key, content in read.items() if content.endswith(b"\0\0") or b"PK\5\6" in content[-1024:]}


def _arguments(home: Path, made: Path, reader: str, written: tuple[str, str]) -> list[str]:
    profile = f"-env:UserInstallation={(home / 'profile').as_uri()}"
    wanted = [f"--infilter={reader}"] if reader else []
    return [profile, *OPTIONS, *wanted, "--convert-to", ":".join(written), "--outdir", str(made)]


def _write_profile(profile: Path) -> None:
    """A fresh profile that holds nothing but our settings."""
    user = profile / "user"
    user.mkdir(parents=True)
    lines = [
        f'<item oor:path="/{escape(path)}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in SETTINGS
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
    names = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    (user / "registrymodifications.xcu").write_text(f"{head}{names}{''.join(lines)}</oor:items>", encoding="utf-8")


def _run(command: Sequence[str], home: Path, seconds: float, memory: int) -> Excess | None:
    """Run the command with a bare environment; why it had to be ended, if it had. It never outlives this call."""
    end = monotonic() + seconds
    process = subprocess.Popen(
        command,
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _limit(process.pid)
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(min(max(end - monotonic(), 0), LOOKED_AT_EVERY))
                return None
            if monotonic() >= end:
                return TimedOut()
            if _resident(process.pid) > memory:
                return TooLarge()
    finally:
        _end(process)


def _resident(process: int) -> int:
    """Bytes of memory that a process and its descendants hold (proc(5)); 0 where the system does not tell."""
    pages, family = 0, [str(process)]
    for one in family:
        home = Path("/proc", one)
        # Any of them may end while it is looked at.
        with suppress(OSError, IndexError):
            pages += int((home / "statm").read_text().split()[1])
            for children in home.glob("task/*/children"):
                family += children.read_text().split()
    return pages * os.sysconf("SC_PAGESIZE") if pages else 0


def _environment(home: Path) -> dict[str, str]:
    """Only what LibreOffice needs: no password of ours reaches a process that opens other people's files."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), f"http://{NOWHERE}")
    folders = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(home))
    # What is freed goes back to the system at once, so that one large picture after the other needs the room of one.
    memory = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    return {**kept, **proxies, **folders, **memory, "LANG": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}


def _limit(process: int) -> None:
    """Bound the memory of the process and of all that it starts, where the system can."""
    try:
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    except (ImportError, AttributeError, OSError, ValueError):
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with its whole group: the program is a script that starts others."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError, AttributeError):
        process.kill()
    process.wait()
