"""Bytes of mail headers, file names and bodies → text, where the label is missing or wrong.

Knows the habits of Chinese mail programs (every gb* label means GB18030, raw 8-bit headers, encoded words cut
inside a character). It never raises on any input, and it does not know what a mail or a part is.
"""

from __future__ import annotations

import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import pybase64

# Nobody writes such headers; whoever does gets the beginning read, in bounded time.
MAX_HEADER = 64 * 1024

_GB = re.compile(r"gb|x-gbk|(x-)?euc-?cn|(cp|ms|windows-?|x-cp)?936$|134$|chinese$|cs(iso58)?gb|iso-ir-58$")
_BIG5 = re.compile(r"(x-)?(x-)?big-?5|(cp|ms|windows-?)?950$|cn-big5$|csbig5$")
_UTF8 = re.compile(r"(unicode-1-1-)?utf-?8|utf8mb4$|65001$")
_LATIN = re.compile(r"iso-?8859-?1$|iso_8859-1$|latin-?1$|l1$|(windows-|cp)1252$")
_OTHER = re.compile(
    r"(x-)?(iso-?8859-?\d+$|iso_8859-\d+$|windows-?\d+$|cp\d+$|koi8-[rutx]$|utf-?(7|16|32)(-?[bl]e)?$|shift[_-]?jis$|sjis$|"
    r"ms932$|euc-?(jp|kr)$|iso-2022-(jp|kr)(-\w+)?$|ks_c_5601(-1987)?$|tis-?620$|mac-?\w{3,12}$|hz(-gb-2312)?$)"
)
# In these, bytes that look like ASCII may stand for other characters.
_NOT_PLAIN_ASCII = re.compile(r"utf-?(7|16|32)|iso-2022|hz")
_SURROGATE = re.compile("[\ud800-\udfff]")
# A word may be as long as the header, but for the question marks that some leave in it: each could begin another one.
_WORD = re.compile(
    rb"=\?([A-Za-z0-9_.:()+-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]*+){0,200}+)\?="
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_NARROW = re.compile("[\x80-\u07ff]")
_TWO_WIDE = re.compile("[^\0-\u07ff][\0-\u07ff]*[^\0-\u07ff]")
_CHINESE = re.compile("[\u3000-\u301f\u4e00-\u9fff\uff00-\uffef]+")
_PARAMETER = re.compile(r";\s*([^\s=;\"]+)\s*=\s*")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"\s*(?=;|$)', re.DOTALL)
_LOOSELY_QUOTED = re.compile(r'"([^;]*)"\s*(?=;|$)')
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?$")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){3}")


def decode(raw: bytes, label: str = "") -> str:
    """Text of `raw`, whose sender says its charset is `label` ("" if nothing is said).

    A label is believed as far as the bytes allow; unlabelled bytes are UTF-8 if they can be, else GB18030.
    """
    if not label and raw.isascii():
        return raw.decode("ascii")
    label = label.strip().strip("\"'").lower()
    if raw.startswith(codecs.BOM_UTF8):
        raw, label = raw[3:], "utf-8"
    text = _labelled(raw, label)
    if _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
    return text.removeprefix("\ufeff")


def _labelled(raw: bytes, label: str) -> str:
    if raw.isascii() and not _NOT_PLAIN_ASCII.match(label):
        return raw.decode("ascii")
    if _UTF8.match(label):
        return _utf8(raw)
    if _surely_utf8(raw):
        return raw.decode("utf-8")
    if _GB.match(label):
        return _first(raw, "gb18030", "utf-8") or raw.decode("gb18030", "replace")
    if _BIG5.match(label):
        return _first(raw, "big5hkscs", "cp950", "utf-8") or raw.decode("big5hkscs", "replace")
    if _LATIN.match(label):
        return _latin(raw)
    if _OTHER.match(label):
        found = _first(raw, label.removeprefix("x-"))
        if found:
            return found
    return _first(raw, "utf-8", "gb18030") or _least_damage(raw)


def _first(raw: bytes, *charsets: str) -> str:
    """The text in the first charset that fits without loss, "" if none does."""
    for charset in charsets:
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeError):
            continue
    return ""


def _utf8(raw: bytes) -> str:
    """UTF-8 as labelled; a stray bad byte is forgiven, bytes that are plainly GBK are read as such."""
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken and broken * 20 > len(text) - len(text.encode("ascii", "ignore")):
        return _first(raw, "gb18030") or text
    return text


def _least_damage(raw: bytes) -> str:
    candidates = [raw.decode("utf-8", "replace"), raw.decode("gb18030", "replace")]
    return min(candidates, key=lambda text: text.count("\ufffd"))


def _surely_utf8(raw: bytes) -> bool:
    """Whether a label that says otherwise is to be disbelieved.

    Two or more characters, all of three or four bytes: GBK text takes that shape about once in 30,000 times.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _NARROW.search(text) is None and _TWO_WIDE.search(text) is not None


def _latin(raw: bytes) -> str:
    """A Latin label is what some programs write for want of a better: Chinese text shows by whole pairs."""
    text = _first(raw, "gb18030")
    if text and _CHINESE.sub("", text).isascii():
        return text
    return _first(raw, "cp1252") or raw.decode("latin-1")


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
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs") or char == "\u200d"


def words(raw: bytes) -> str:
    """Text with its encoded words (RFC 2047) decoded, even inside quotes, neighbours joined as bytes first."""
    if b"=?" not in raw:
        return decode(raw)
    pieces: list[str] = []
    run: list[tuple[str, str, bytes]] = []
    end = 0
    for match in _WORD.finditer(raw):
        between = raw[end : match.start()]
        end = match.end()
        charset = match[1].decode("ascii").lower()
        if between.strip() or (run and _family(run[-1][0]) != _family(charset)):
            pieces.append(_joined(run))
            run = []
        if between.strip() or (not pieces and not run):
            pieces.append(decode(between))
        run.append((charset, match[2].decode("ascii").upper(), match[3]))
    pieces.append(_joined(run))
    pieces.append(decode(raw[end:]))
    return "".join(pieces)


def _family(charset: str) -> str:
    return "gb18030" if _GB.match(charset) else charset


def _joined(run: list[tuple[str, str, bytes]]) -> str:
    """The text of neighbouring words of one charset, which may have been cut anywhere."""
    if not run:
        return ""
    charset = run[0][0]
    each = b"".join(base64(text) if kind == "B" else quoted(text) for _, kind, text in run)
    if all(kind == "B" for _, kind, _ in run) and any(len(text.strip()) % 4 for _, _, text in run[:-1]):
        whole = base64(b"".join(text for _, _, text in run))
        # Either each word lacks its padding or one base64 text was chopped: the charset tells which.
        if _fits(whole, charset) or not _fits(each, charset):
            each = whole
    return decode(each, charset)


def _fits(raw: bytes, charset: str) -> bool:
    name = _family(charset)
    return bool(_first(raw, name if _GB.match(name) or _OTHER.match(name) or _BIG5.match(name) else "utf-8"))


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
    for name, text in _pairs(decode(original(value))):
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
    return words(raw) if b"=?" in raw and not label else decode(raw, label)


def _plain(text: str) -> str:
    found = words(text.encode("utf-8"))
    if _PERCENT.search(found) and found.isascii():
        unescaped = decode(unquote_to_bytes(found))
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
