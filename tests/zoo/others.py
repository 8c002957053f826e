"""Web pages, separated text, PDF and rich text."""

from __future__ import annotations

import zlib
from functools import cache

from zoo.cages import ZOO

ZOO["a page whose cells span a thousand million columns and rows"] = (
    "附件3.xls",
    lambda: b"<html><table>" + b"<tr><td rowspan=1000000000 colspan=1000000000>x</td></tr>" * 3000 + b"</table></html>",
)
ZOO["a page of tables in tables"] = ("正文.html", lambda: b"<html>" + b"<table><tr><td>x" * 20_000)
ZOO["a page of elements in elements"] = ("正文.html", lambda: b"<html>" + b"<div><span>x" * 100_000)
ZOO["a page of ten thousand tables"] = ("正文.html", lambda: b"<html>" + b"<table><tr><td>x</td></tr></table>" * 10_000)
ZOO["a page of styles"] = (
    "正文.html",
    lambda: (
        b"<html><style>"
        + b".a .b > .c{color:red;" * 20_000
        + b"</style>"
        + b'<p class="a b c" style="a:b">x</p>' * 5000
    ),
)
ZOO["text with a million columns"] = ("附件3.csv", lambda: b"x," * 1_000_000)
ZOO["text with a million rows"] = ("附件3.csv", lambda: b"x,y\n" * 1_000_000)
ZOO["text with quotation marks that never close"] = ("附件3.csv", lambda: b'"x,""' * 500_000)
ZOO["text of nothing but delimiters"] = ("附件3.csv", lambda: b",;\t|\n" * 500_000)
ZOO["a multipart page whose parts never end"] = (
    "附件4.doc",
    lambda: (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
        + b'--b\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n' * 20_000
    ),
)
ZOO["an XML workbook of a million repeated cells"] = (
    "附件3.xml",
    lambda: (
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
        b'spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>'
        + b'<Row ss:Index="1000000000"><Cell ss:Index="1000000000" ss:MergeAcross="1000000000" ss:MergeDown="1000000000">'
        b"<Data>x</Data></Cell></Row>" * 1000 + b"</Table></Worksheet></Workbook>"
    ),
)
ZOO["a PDF whose pages are each other's parents"] = (
    "附件4.pdf",
    lambda: (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 999999999/Kids[2 0 R 3 0 R]"
        b"/Parent 3 0 R>>endobj\n3 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ),
)
ZOO["a PDF that unpacks to half a gigabyte"] = (
    "附件4.pdf",
    lambda: (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>endobj\n4 0 obj<</Filter/FlateDecode/Length "
        + (b"%d>>stream\n" % len(_packed()))
        + _packed()
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ),
)
ZOO["a PDF of nested arrays"] = (
    "附件4.pdf", lambda: b"%PDF-1.4\n1 0 obj" + b"[" * 200_000 + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
)  # fmt: skip


@cache
def _packed() -> bytes:
    """Half a gigabyte of zeros, of which one megabyte is packed and then stands there 512 times (RFC 1950)."""
    packer, megabyte = zlib.compressobj(9), bytes(1 << 20)
    first, again = (packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = len(megabyte) * 512 % 65521 << 16 | 1
    return first + again * 511 + b"\x03\x00" + checksum.to_bytes(4, "big")


ZOO["a rich text of nested groups"] = ("附件4.rtf", lambda: b"{\\rtf1" + b"{" * 100_000 + b"x")
