"""What a file is, told from its first bytes and, in a container, from the names of its parts.

Nothing is unpacked here but a package's list of parts, and a wrong extension never decides.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile

TITLES = {
    "docx": "Word 文档（.docx）",
    "doc": "Word 97-2003 文档（.doc）或 WPS 文字（.wps）",
    "xlsx": "Excel 工作簿（.xlsx）",
    "xlsb": "Excel 二进制工作簿（.xlsb）",
    "xls": "Excel 97-2003 工作簿（.xls）或 WPS 表格（.et）",
    "ods": "OpenDocument 表格（.ods）",
    "odt": "OpenDocument 文档（.odt）",
    "odp": "OpenDocument 演示（.odp）",
    "pptx": "演示文稿（.pptx）",
    "ppt": "演示文稿（.ppt）",
    "ofd": "OFD 版式文件（.ofd）",
    "pages": "苹果 iWork 文件（.pages、.numbers）",
    "rtf": "RTF 文档（.rtf）",
    "pdf": "PDF 文件（.pdf）",
    "html": "网页文件（.html）",
    "mht": "网页归档文件（.mht）",
    "wordml": "Word 2003 XML 文档（.xml）",
    "flatopc": "Word XML 文档（.xml）",
    "spreadsheetml": "Excel 2003 XML 表格（.xml）",
    "xml": "XML 文件",
    "csv": "逗号分隔文本（.csv）",
    "text": "纯文本文件（.txt）",
    "png": "PNG 图片",
    "jpg": "JPEG 图片",
    "gif": "GIF 图片",
    "bmp": "BMP 图片",
    "tiff": "TIFF 图片",
    "webp": "WebP 图片",
    "heic": "HEIC 图片",
    "svg": "SVG 图片",
    "picture": "图片",
    "video": "视频文件",
    "audio": "音频文件",
    "zip": "压缩包（.zip）",
    "rar": "压缩包（.rar）",
    "7z": "压缩包（.7z）",
    "gz": "压缩包（.gz）",
    "lnk": "快捷方式里没有文件本身，请发送它指向的那个文件",
    "ole": "无法识别的 Office 旧格式文件",
}
# What a file's name promises its sender that it is; any of a family's formats keeps the promise.
PROMISES = {
    "Word 文档": (".docx", ".docm", ".dotx", ".doc", ".dot", ".wps", ".wpt", ".rtf", ".odt"),
    "Excel 工作簿": (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ett", ".ods"),
    "PDF 文件": (".pdf",),
}

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC = (
    (b"%PDF-", "pdf"), (b"{\\rtf", "rtf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"), (b"GIF89a", "gif"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"L\0\0\0\x01\x14\x02\0", "lnk"), (b"\x1f\x8b", "gz"), (b"ID3", "audio"), (b"\xff\xfb", "audio"),
    (b"\xff\xf3", "audio"), (b"\xff\xf2", "audio"), (b"\xff\xf1", "audio"), (b"\xff\xf9", "audio"), (b"fLaC", "audio"),
    (b"OggS", "audio"), (b"#!AMR", "audio"), (b"MThd", "audio"), (b"caff", "audio"), (b"\x1a\x45\xdf\xa3", "video"),
    (b"FLV\x01", "video"), (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"), (b"\0\0\x01\xba", "video"),
    (b"\0\0\x01\xb3", "video"), (b".RMF", "video"), (b"8BPS\0", "picture"), (b"\xd7\xcd\xc6\x9a", "picture"),
    (b"\0\0\x01\0", "picture"), (b"\0\0\0\x0cjP  ", "picture"),
)  # fmt: skip
ISO_MEDIA = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic", b"avif": "heic", b"M4A ": "audio"}
ODF = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
# The stream that makes an OLE2 file what it is ([MS-DOC] 2.1, [MS-XLS] 2.1.2, [MS-OFFCRYPTO] 1.3.2).
STREAMS = (("EncryptedPackage", "encrypted"), ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"),
           ("PowerPoint Document", "ppt"))  # fmt: skip
HTML = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b",
                  re.I | re.S)  # fmt: skip
SAMPLE = 4096
# The end record is followed by a comment of at most 65535 bytes.
END_RECORD_SEARCHED = 22 + 0xFFFF
BLANK = b"\0 \t\r\n"


def sniff(content: bytes, name: str = "") -> str:
    """The format's name: a key of TITLES, "empty", "encrypted" or "unknown"; `name` only tells CSV from text."""
    # Cloud drives and broken downloads leave files of the right length that hold nothing but zero bytes.
    if not content[:SAMPLE].strip(BLANK) and not content.strip(BLANK):
        return "empty"
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip(content)
    if content.startswith(OLE2):
        return _ole2(content)
    return _magic(content) or _textual(content, name)


def needs_office(content: bytes) -> bool:
    """Whether a file looks, without being opened, like one that only an office program reads; it may turn out otherwise."""
    if content.startswith(OLE2):
        return "WordDocument".encode("utf-16-le") in content
    if content[:4] == b"PK\x03\x04":
        return b"opendocument.text" in content[30:160]
    return content.startswith(b"{\\rtf") or (content.lstrip()[:5] == b"<?xml" and _xml(content[:SAMPLE]) == "wordml")


def promise(name: str) -> str:
    """What a file of this name ought to be ("Word 文档"), "" where the name promises none of the formats of a form."""
    lower = name.lower().rstrip()
    return next((title for title, endings in PROMISES.items() if lower.endswith(endings)), "")


def _magic(content: bytes) -> str:
    for magic, kind in MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "audio"}.get(content[8:12], "video")
    if content[40:44] == b" EMF":
        return "picture"
    # Films of QuickTime begin with one of its atoms where others name their type.
    if content[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "video"
    if content[4:8] == b"ftyp":
        return ISO_MEDIA.get(content[8:12], "video")
    # A bitmap's header states the size of its second header, which text beginning with BM does not.
    if content[:2] == b"BM" and content[14:18] in (b"\x0c\0\0\0", b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return "bmp"
    # Some scanners and mail gateways put a few bytes in front of the PDF header, which readers accept.
    return "pdf" if b"%PDF-" in content[:1024] else ""


def _zip(content: bytes) -> str:
    names = _listing(content)
    if not names:
        return _torn_zip(content)
    if "[content_types].xml" in names or "_rels/.rels" in names:
        kind = _office(names)
        if kind:
            return kind
    if "mimetype" in names:
        start = content[30:160]
        return next((kind for word, kind in ODF.items() if b"opendocument." + word.encode() in start), "zip")
    if "ofd.xml" in names:
        return "ofd"
    return "pages" if "index/document.iwa" in names or "index.zip" in names else "zip"


def _listing(content: bytes) -> set[str]:
    """The names in an archive's directory in lower case; empty when the directory is torn.

    Walks the directory's fixed fields (PKWARE APPNOTE 4.3.12, 4.3.16), which is all that is needed to tell formats
    apart; archives with a 64-bit directory are left to zipfile.
    """
    end = content.rfind(b"PK\5\6", -END_RECORD_SEARCHED)
    names: set[str] = set()
    if end < 0 or end + 16 > len(content):
        return names
    offset = end - int(struct.unpack_from("<L", content, end + 12)[0])
    while 0 <= offset < end and content[offset : offset + 4] == b"PK\1\2" and offset + 46 <= end:
        name, extra, comment = struct.unpack_from("<HHH", content, offset + 28)
        names.add(_plain_name(content[offset + 46 : offset + 46 + name].decode("latin-1")))
        offset += 46 + name + extra + comment
    return names or _listing_64(content)


def _listing_64(content: bytes) -> set[str]:
    try:
        return {_plain_name(name) for name in zipfile.ZipFile(io.BytesIO(content)).namelist()}
    except (zipfile.BadZipFile, struct.error, ValueError, OverflowError, NotImplementedError):
        return set()


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _office(names: set[str]) -> str:
    if any(name.startswith("xl/workbook") and name.endswith(".bin") for name in names):
        return "xlsb"
    for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
        if any(name.startswith(folder) for name in names):
            return kind
    return ""


def is_torn(content: bytes) -> bool:
    """Whether an archive has lost its directory, which stands at its end."""
    return not _listing(content)


def _torn_zip(content: bytes) -> str:
    """A package whose end is missing is still said to be what it was, so that its reader can call it damaged."""
    for part, kind in ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")):
        if part in content[: 64 * 1024]:
            return kind
    return "zip"


def _ole2(content: bytes) -> str:
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            top = {path[0].lower() for path in container.listdir() if len(path) == 1}
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        # A torn container may still show its directory; the names in it are UTF-16.
        top = {stream.lower() for stream, _ in STREAMS if stream.encode("utf-16-le") in content}
    return next((kind for stream, kind in STREAMS if stream.lower() in top), "ole")


def _textual(content: bytes, name: str) -> str:
    sample = content[:SAMPLE]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        sample = sample.decode("utf-16", "replace").encode()
    sample = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    if HTML.match(sample):
        return "html"
    lower = sample.lower()
    if lower.startswith(b"mime-version:") or (b"multipart/related" in lower[:1024] and b"\ncontent-" in lower):
        return "mht"
    if sample.startswith((b"<?xml", b"<svg", b"<Workbook")):
        return _xml(sample)
    if b"\0" in sample:
        return "unknown"
    return _plain(sample, name)


def _xml(sample: bytes) -> str:
    if b"office/2006/xmlPackage" in sample and b"PowerPoint.Show" not in sample:
        return "flatopc"
    if b"Word.Document" in sample or b"office/word/2003/wordml" in sample:
        return "wordml"
    if b"Excel.Sheet" in sample or b"office:spreadsheet" in sample:
        return "spreadsheetml"
    return "svg" if b"<svg" in sample else "xml"


def _plain(sample: bytes, name: str) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            # The sample may end inside a character; so few bytes at its end say nothing.
            text = (sample[:-4] if len(sample) > SAMPLE - 8 else sample).decode(encoding, "strict")
        except UnicodeDecodeError as refusal:
            if refusal.start < len(sample) - 8:
                continue
            text = sample[: refusal.start].decode(encoding, "strict")
        if sum(char < " " and char not in "\t\r\n\f\x1a" for char in text) == 0:
            return "csv" if _is_table(text, name.lower().rstrip()) else "text"
    return "unknown"


def _is_table(text: str, name: str) -> bool:
    """Whether text is a table: its name says so, or it calls itself a workbook and has cells."""
    workbook = promise(name) == "Excel 工作簿"
    return name.endswith((".csv", ".tsv")) or (workbook and ("\t" in text or "," in text or ";" in text))
