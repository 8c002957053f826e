"""Mail headers, their parameters and file names as text, however they were written.

Knows the habits of Chinese mail programs (raw 8-bit headers, encoded words in quotes or cut inside a character). It
never raises on any input, and it does not know what a mail or a part is.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import pybase64

from parsers.charset import charsets_of, decoded, first

# Nobody writes such headers; whoever does gets the beginning read, in bounded time.
MAX_HEADER = 64 * 1024

# A word may be as long as the header, but for the question marks that some leave in it: each could begin another one.
_WORD = re.compile(
    rb"=\?([A-Za-z0-9_.:()+-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]*+){0,200}+)\?="
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_PARAMETER = re.compile(r";\s*([^\s=;\"]+)\s*=\s*")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"\s*(?=;|$)', re.DOTALL)
_LOOSELY_QUOTED = re.compile(r'"([^;]*)"\s*(?=;|$)')
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?$")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){3}")


@lru_cache(256)
def header(value: str) -> str:
    """A header as a person reads it: decoded, white space folded, without control characters.

    `value` is what `email.message.Message.raw_items()` gives: ASCII with the original bytes as surrogates.
    """
    return one_line(words(original(value)))


def original(value: str) -> bytes:
    """The bytes a header value stood for in the mail, unfolded."""
    raw = value[:MAX_HEADER].encode("utf-8", "surrogateescape")
    return raw.replace(b"\r", b"").replace(b"\n", b"")


def one_line(text: str) -> str:
    """Runs of white space folded to one blank, control and direction characters dropped, NFC."""
    text = " ".join(text.split())
    if not text.isprintable():
        text = " ".join("".join(char for char in text if char == " " or visible(char)).split())
    return unicodedata.normalize("NFC", text)


def visible(char: str) -> bool:
    """Whether a character may stand in a name shown to people; U+200D joins emoji and is left alone."""
    noncharacter = ord(char) & 0xFFFE == 0xFFFE
    return (unicodedata.category(char) not in ("Cc", "Cf", "Cs") and not noncharacter) or char == "\u200d"


def words(raw: bytes) -> str:
    """Text with its encoded words (RFC 2047) decoded, even inside quotes, neighbours joined as bytes first."""
    if b"=?" not in raw:
        return decoded(raw)
    pieces: list[str] = []
    run: list[tuple[str, str, bytes]] = []
    end = 0
    for match in _WORD.finditer(raw):
        between = raw[end : match.start()]
        end = match.end()
        charset = match[1].decode("ascii").lower()
        if between.strip() or (run and charsets_of(run[-1][0]) != charsets_of(charset)):
            pieces.append(_joined(run))
            run = []
        if between.strip() or (not pieces and not run):
            pieces.append(decoded(between))
        run.append((charset, match[2].decode("ascii").upper(), match[3]))
    pieces.append(_joined(run))
    pieces.append(decoded(raw[end:]))
    return "".join(pieces)


def _joined(run: list[tuple[str, str, bytes]]) -> str:
    """The text of neighbouring words of one charset, which may have been cut anywhere."""
    if not run:
        return ""
    charset = run[0][0]
    each = b"".join(base64(text) if kind == "B" else quoted(text) for _, kind, text in run)
    if all(kind == "B" for _, kind, _ in run) and any(len(text.strip()) % 4 for _, _, text in run[:-1]):
        whole = base64(b"".join(text for _, _, text in run))
        own = charsets_of(charset) or ("utf-8",)
        # Either each word lacks its padding or one base64 text was chopped: the charset tells which.
        if first(whole, *own) or not first(each, *own):
            each = whole
    return decoded(each, charset)


def base64(raw: bytes, start: int = 0, end: int | None = None) -> bytes:
    """The bytes of the base64 text in `raw`, as far as it goes: foreign characters skipped, missing padding supplied."""
    text = memoryview(raw)[start:end]
    padding = raw.find(b"=", start, end)
    try:
        if padding < 0 or not raw[padding:end].strip(b"=\r\n"):
            return pybase64.b64decode(text)
        # The two part ways over what stands behind padding; the standard library is seven times slower.
        return binascii.a2b_base64(text)
    except binascii.Error:
        clean = bytes(text).translate(None, _NOT_BASE64)
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def quoted(text: bytes) -> bytes:
    """The bytes of a Q encoded word (RFC 2047 4.2)."""
    return binascii.a2b_qp(text, header=True)


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition header, names lower-cased, values decoded.

    Takes every form seen in the wild: encoded words with and without quotes, RFC 2231 with segments cut inside
    a character, raw bytes with blanks, quotes within quotes, percent encoding without a star.
    """
    segments: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, text in _pairs(decoded(original(value))):
        if match := _SEGMENT.match(name):
            starred = bool(match[3])
            position = int(match[2]) if match[2] else (-2 if starred else -1)
            segments.setdefault(match[1], {}).setdefault(position, (starred, text))
    return {name: _parameter(found) for name, found in segments.items()}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while match := _PARAMETER.search(text, position):
        quoted_value = _QUOTED.match(text, match.end()) or _LOOSELY_QUOTED.match(text, match.end())
        if quoted_value:
            # Only quotes and backslashes are unescaped: a Windows path keeps its backslashes.
            value = re.sub(r'\\(["\\])', r"\1", quoted_value[1])
            position = quoted_value.end()
        else:
            end = text.find(";", match.end())
            position = len(text) if end < 0 else end
            value = text[match.end() : position].strip().strip('"')
        yield match[1].lower(), value


def _parameter(segments: dict[int, tuple[bool, str]]) -> str:
    """One parameter's text; keys are segment numbers, -2 is `name*`, -1 plain `name`, which yields to the rest."""
    if -2 in segments:
        chosen = [segments[-2]]
    elif numbered := [segments[number] for number in sorted(segments) if number >= 0]:
        chosen = numbered
    else:
        return _plain(segments[-1][1])
    text = _extended(chosen)
    return _plain(segments[-1][1]) if "\ufffd" in text and -1 in segments else text


def _extended(segments: list[tuple[bool, str]]) -> str:
    label, raw = "", b""
    for index, (starred, text) in enumerate(segments):
        if index == 0 and starred and text.count("'") >= 2:
            label, _, text = text.split("'", 2)
        raw += unquote_to_bytes(text) if starred else text.encode("utf-8")
    return words(raw) if b"=?" in raw and not label else decoded(raw, label)


def _plain(text: str) -> str:
    found = words(text.encode("utf-8"))
    if _PERCENT.search(found) and found.isascii():
        unescaped = decoded(unquote_to_bytes(found))
        if not unescaped.isascii() and "\ufffd" not in unescaped:
            return unescaped
    return found


def file_name(text: str) -> str:
    """A name fit to be shown: directories dropped whichever way their slashes lean, "" if nothing is left."""
    parts = [one_line(part).strip(" ") for part in text.replace("\\", "/").split("/")]
    named = [part for part in parts if part.strip(".")]
    if not named:
        return ""
    name = named[-1]
    if len(name) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:180]}…{dot}{ending}" if dot and len(ending) < 10 else name[:200]
    return name
