"""XML that asks for more than it holds: entities, depth, attributes, length."""

from __future__ import annotations

from documents import NAMESPACES, docx, paragraph, run
from zoo.cages import SHEET, ZOO, hostile, noise, open_document, rows, typed, xlsx

LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">{}]>'.format(
    "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'
REMOTE = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'


def _document(body: str, before: str = "") -> str:
    return f"{before}<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"


def _worksheet(data: str, before: str = "") -> str:
    return f"{before}<worksheet {SHEET}><sheetData>{data}</sheetData></worksheet>"


for _name, _before in (("a billion laughs", LAUGHS), ("an external entity", OUTSIDE), ("a remote DTD", REMOTE)):
    for _way, _encoding in (("", "utf-8"), (" in UTF-16", "utf-16")):
        ZOO[f"{_name} in a document{_way}"] = (
            "附件4.docx",
            lambda before=_before, encoding=_encoding: docx(  # type: ignore[misc]
                "", parts={"word/document.xml": _document(paragraph(run("&i;")), before).encode(encoding)}
            ),
        )
        ZOO[f"{_name} in a worksheet{_way}"] = (
            "附件3.xlsx",
            lambda before=_before, encoding=_encoding: xlsx(  # type: ignore[misc]
                "", {"xl/worksheets/sheet1.xml": _worksheet(rows(1, lambda _: typed("&i;")), before).encode(encoding)}
            ),
        )
        ZOO[f"{_name} in shared strings{_way}"] = (
            "附件3.xlsx",
            lambda before=_before, encoding=_encoding: xlsx(  # type: ignore[misc]
                '<sheetData><row><c t="s"><v>0</v></c></row></sheetData>',
                {"xl/sharedStrings.xml": f"{before}<sst {SHEET}><si><t>&i;</t></si></sst>".encode(encoding)},
            ),
        )
    ZOO[f"{_name} in an OpenDocument table"] = (
        "附件3.ods",
        lambda before=_before: open_document(f"{before}<x>&i;</x>"),  # type: ignore[misc]
    )


@hostile("a million nested elements", "附件4.docx")
def _nested_elements() -> bytes:
    return docx("<w:p>" * 1_000_000)


@hostile("a million nested elements in a worksheet", "附件3.xlsx")
def _nested_cells() -> bytes:
    return xlsx("<sheetData>" + "<row>" * 1_000_000)


@hostile("an element with a hundred thousand attributes", "附件4.docx")
def _attributes() -> bytes:
    return docx("<w:p " + " ".join(f'w:a{number}="1"' for number in range(100_000)) + "/>")


@hostile("a hundred thousand namespaces", "附件4.docx")
def _namespaces() -> bytes:
    return docx("<w:p " + " ".join(f'xmlns:n{number}="u:{number}"' for number in range(100_000)) + "/>")


@hostile("a text of forty million characters", "附件4.docx")
def _long_text() -> bytes:
    return docx(paragraph(noise(20_000_000, 1).hex()))
