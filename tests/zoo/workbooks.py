"""Workbooks (.xlsx) with odd places, numbers and merged ranges, or too much of anything."""

from __future__ import annotations

import random

from documents import relationships
from zoo.cages import LABELS3, SHEET, ZOO, hostile, noise, rows, typed, xlsx
from zoo.markup import _worksheet


@hostile("twelve thousand projects on a worksheet", "附件3.xlsx")
def _sheet_projects() -> bytes:
    values = ("内蒙古大学", "1", "1", "阳光书屋", "x", "其他类", "校学生会", "http://x.cn", "张三", "13800000001")
    lines = [LABELS3, *[values] * 12_000]
    return xlsx("<sheetData>" + "".join(f"<row>{''.join(map(typed, line))}</row>" for line in lines) + "</sheetData>")


@hostile("a worksheet that claims a million rows", "附件3.xlsx")
def _dimension() -> bytes:
    return xlsx(f'<dimension ref="A1:XFD1048576"/><sheetData>{rows(3, lambda _: typed("x"))}</sheetData>')


@hostile("a value in the last cell of a worksheet", "附件3.xlsx")
def _last_cell() -> bytes:
    return xlsx(
        f'<sheetData><row r="1">{typed("x", "A1")}</row><row r="1048576">{typed("x", "XFD1048576")}</row></sheetData>'
    )


@hostile("cells in places that do not exist", "附件3.xlsx")
def _odd_references() -> bytes:
    places = (
        "A0",
        "A-1",
        "XFE1",
        "ZZZZZZ1",
        "A99999999999",
        "1A",
        "A",
        "1",
        "",
        "A1:B2",
        "甲1",
        "A1048577",
        "a1",
        "$A$1",
    )
    return xlsx(
        "<sheetData>"
        + "".join(f'<row r="{number}">{typed("x", place)}</row>' for number, place in enumerate(places))
        + "</sheetData>"
    )


for _row in ("-1", "0", "99999999999999999999", "x", "4294967296"):
    ZOO[f"a row number of {_row}"] = (
        "附件3.xlsx",
        lambda row=_row: xlsx(f'<sheetData><row r="{row}"><c><v>1</v></c><c r="B{row}"><v>1</v></c></row></sheetData>'),  # type: ignore[misc]
    )


for _index in ("99999999", "-1", "18446744073709551616", "x"):
    ZOO[f"a shared string of number {_index}"] = (
        "附件3.xlsx",
        lambda index=_index: xlsx(
            f'<sheetData><row><c t="s"><v>{index}</v></c></row></sheetData>', strings="<si><t>x</t></si>"
        ),  # type: ignore[misc]
    )


@hostile("numbers and dates of every size", "附件3.xlsx")
def _numbers() -> bytes:
    values = ("1e400", "-1e400", "NaN", "inf", "9" * 400, "1e308", "-0", "2958466", "-693595", "1e17")
    styles = '<styleSheet {}><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    cells = "".join(f'<c s="{style}"><v>{value}</v></c>' for value in values for style in (0, 1))
    dates = "".join(
        f'<c t="d"><v>{value}</v></c>' for value in ("0000-00-00", "99999-12-31", "x", "2024-02-30T25:61:61")
    )
    return xlsx(f"<sheetData><row>{cells}{dates}</row></sheetData>", {"xl/styles.xml": styles.format(SHEET)})


@hostile("a merged range of the whole sheet", "附件3.xlsx")
def _whole_merge() -> bytes:
    merges = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData>{merges}")


@hostile("merged ranges that reach down a filled sheet in every column", "附件3.xlsx")
def _column_merges() -> bytes:
    letters = [chr(ord("A") + number) for number in range(26)]
    merges = "".join(f'<mergeCell ref="{letter}1:{letter}1048576"/>' for letter in letters)
    return xlsx(f"<sheetData>{rows(15_000, lambda _: '<c><v>1</v></c>')}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("fifty thousand merged ranges on top of each other", "附件3.xlsx")
def _many_merges() -> bytes:
    merges = '<mergeCell ref="A1:CV100"/>' * 50_000
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("fifty thousand merged ranges beside each other", "附件3.xlsx")
def _merges_beside() -> bytes:
    merges = "".join(f'<mergeCell ref="A{2 * number + 1}:CV{2 * number + 2}"/>' for number in range(50_000))
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("merged ranges that are none", "附件3.xlsx")
def _odd_merges() -> bytes:
    ranges = ("", "A1", "B2:A1", "A0:B0", "XFE1:XFF2", "A1:A99999999999", "x:y", ":", "A1:B2:C3")
    merges = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
    return xlsx(f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><mergeCells>{merges}</mergeCells>")


@hostile("sixty thousand links on a worksheet", "附件3.xlsx")
def _sheet_links() -> bytes:
    relations = {f"r{number}": ("hyperlink", f"http://127.0.0.1:9/{number}") for number in range(60_000)}
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    links = "".join(f'<hyperlink ref="A1" r:id="{name}" {namespace}/>' for name in relations)
    sheet = f"<sheetData>{rows(3, lambda _: typed('x'))}</sheetData><hyperlinks>{links}</hyperlinks>"
    return xlsx(sheet, {"xl/worksheets/_rels/sheet1.xml.rels": relationships(relations)})


@hostile("a hundred thousand filled rows", "附件3.xlsx")
def _filled_rows() -> bytes:
    return xlsx(f"<sheetData>{rows(100_000, lambda number: f'<c><v>{number}</v></c>' * 5)}</sheetData>")


@hostile("a row of sixteen thousand cells, often", "附件3.xlsx")
def _wide_rows() -> bytes:
    return xlsx(f"<sheetData>{rows(100, lambda _: '<c><v>1</v></c>' * 16_384)}</sheetData>")


@hostile("three million different numbers", "附件3.xlsx")
def _many_numbers() -> bytes:
    chance = random.Random(7)
    line = "".join(f"<c><v>{chance.random()}</v></c>" for _ in range(16_384))
    return xlsx(
        f"<sheetData>{rows(63, lambda number: line[number * 29 :][line[number * 29 :].find('<c>') :])}</sheetData>"
    )


@hostile("four worksheets of forty megabytes", "附件3.xlsx")
def _large_sheets() -> bytes:
    filler = noise(10_000, 4).hex() * 2_000
    return xlsx("<sheetData/>", {f"xl/worksheets/sheet{number}.xml": filler for number in range(2, 6)})


@hostile("shared strings of sixty megabytes", "附件3.xlsx")
def _large_strings() -> bytes:
    text = noise(3_000, 4).hex()
    return xlsx("<sheetData/>", strings="".join(f"<si><t>{number}{text}</t></si>" for number in range(10_000)))


@hostile("headers of Annex 3 all down a worksheet", "附件3.xlsx")
def _sheet_headers() -> bytes:
    line = "".join(typed(label) for label in LABELS3)
    return xlsx(f"<sheetData>{rows(15_000, lambda _: line)}</sheetData>")


@hostile("two thousand worksheets", "附件3.xlsx")
def _sheets() -> bytes:
    names = range(2000)
    sheets = "".join(f'<sheet name="S{number}" sheetId="{number + 1}" r:id="r{number}"/>' for number in names)
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    data = _worksheet("".join(f"<row>{''.join(typed(label) for label in LABELS3)}</row>" for _ in range(3)))
    return xlsx(
        "",
        {
            "xl/workbook.xml": f"<workbook {SHEET} {namespace}><sheets>{sheets}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relationships(
                {f"r{number}": ("worksheet", f"worksheets/s{number}.xml") for number in names}
            ),
            **{f"xl/worksheets/s{number}.xml": data for number in names},
        },
    )


@hostile("a worksheet whose relationships lead back to it", "附件3.xlsx")
def _circle() -> bytes:
    sheet = (
        '<sheetData/><drawing r:id="r1" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
    )
    return xlsx(sheet, {"xl/worksheets/_rels/sheet1.xml.rels": relationships({"r1": ("drawing", "sheet1.xml")})})
