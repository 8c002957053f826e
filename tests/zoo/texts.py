"""Texts that patterns find hard, as every field of both forms."""

from __future__ import annotations

from documents import cell, docx, paragraph, run, table
from zoo.cages import LABELS3, LABELS4, ZOO, typed, xlsx

TEXTS = {
    "blanks": " " * 200_000 + "x",
    "underlines": "_" * 200_000 + "x",
    "blank dates": "年 月 日" * 30_000,
    "digits": "1" * 200_000,
    "digits and dots": "1." * 100_000,
    "years": "2024年" * 50_000,
    "dates": "2024年11月20日至" * 20_000,
    "brackets": "（" * 100_000 + "盖章",
    "colons": "负责人：" * 50_000,
    "labels": "项目名称：\n" * 4_000,
    "boxes": "☐思想引领类☑" * 20_000,
    "ticks": "√" * 200_000,
    "categories": "思想引领类、学业促进类" * 10_000,
    "addresses": "http://" * 30_000,
    "one long address": "http://x.cn/" + "a" * 200_000,
    "dotted names": "a." * 100_000,
    "phones": "13800000001、" * 20_000,
    "dashes": "0471-" * 40_000,
    "plus signs": "+86 " * 50_000,
    "names": "张三、" * 60_000,
    "lines": "x\n" * 15_000,
    "blank lines": " \n" * 15_000 + "x",
    "tabs": "\t" * 200_000 + "x",
    "private characters": "\uf0fe" * 200_000,
    "zero width characters": "\u200b" * 200_000,
    "combining characters": "e" + "\u0301" * 200_000,
    "ligatures": "\ufdfa" * 50_000,
    "Chinese numerals": "二〇二四年十一月" * 20_000,
    "quotation marks": "《“" * 100_000,
    "student unions": "学院学生会/" * 40_000,
}


def _broken(text: str) -> str:
    return "<w:p>" + "<w:r><w:br/></w:r>".join(run(line) for line in text.split("\n")) + "</w:p>"


def annex3_of(text: str) -> bytes:
    """An Annex 3 with this text above the table and in every field."""
    filled = cell(_broken(text))
    return docx(paragraph(f"表格填写联系人：{text}电话：") + table("".join(map(cell, LABELS3)), filled * len(LABELS3)))


def annex4_of(text: str) -> bytes:
    """An Annex 4 with this text in every field."""
    return docx(table(*[cell(label) + cell(_broken(text)) for label in LABELS4]))


def as_sheet(text: str) -> bytes:
    """A workbook that is an Annex 3 with this text in every field, up to what a cell may hold."""
    line = "".join(typed(label) for label in LABELS3)
    return xlsx(f"<sheetData><row>{line}</row><row>{typed(text[:32_767]) * len(LABELS3)}</row></sheetData>")


for _name, _text in TEXTS.items():
    ZOO[f"an Annex 3 full of {_name}"] = ("附件3.docx", lambda text=_text: annex3_of(text))  # type: ignore[misc]
    ZOO[f"an Annex 4 full of {_name}"] = ("附件4.docx", lambda text=_text: annex4_of(text))  # type: ignore[misc]
    ZOO[f"a workbook full of {_name}"] = ("附件3.xlsx", lambda text=_text: as_sheet(text))  # type: ignore[misc]
    ZOO[f"paragraphs full of {_name}"] = (
        "附件4.docx",
        lambda text=_text: docx(  # type: ignore[misc]
            "".join(paragraph(label) + _broken(f"{label}：{text}") for label in LABELS4)
        ),
    )
