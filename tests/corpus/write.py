"""Papers as files: hand-written WordprocessingML, python-docx and openpyxl. Round trips through an office are in office.py."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import documents
from corpus.plan import Box, Line, Paper, Piece, Table
from pipeline.demo.stamp import seal

LOOKS = {
    "bold": "<w:b/>", "underline": '<w:u w:val="single"/>', "strike": "<w:strike/>", "highlight": '<w:highlight w:val="yellow"/>',
    "red": '<w:color w:val="FF0000"/>', "grey": '<w:color w:val="BFBFBF"/>', "shade": '<w:shd w:val="clear" w:fill="D9D9D9"/>',
    "border": '<w:bdr w:val="single" w:sz="4" w:space="0"/>',
}  # fmt: skip
DRAWING = (
    '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<wp:extent cx="1152000" cy="1152000"/><wp:docPr id="1" name="s"/><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="0" name="s"/><pic:cNvPicPr/>'
    '</pic:nvPicPr><pic:blipFill><a:blip r:embed="rIdSeal"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1152000" cy="1152000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
    "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="png" ContentType="image/png"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


class WordXml:
    """Writes WordprocessingML by hand, wrapping and splitting at random as editing leaves it behind."""

    def __init__(self, rng: Random, tidy: bool = False) -> None:
        self._rng, self._tidy = rng, tidy
        self._links: dict[str, tuple[str, str]] = {}

    def write(self, paper: Paper) -> bytes:
        # Word wants a paragraph behind the last table, and an office without it drops the table.
        body = "".join(
            self._table(part) if isinstance(part, Table) else self._line(part) for part in [*paper, Line(())]
        )
        relations = {"rIdSeal": ("image", "media/seal.png"), **self._links}
        return documents.docx(body, relations, {"[Content_Types].xml": TYPES, "word/media/seal.png": seal()})

    def _often(self, share: float) -> bool:
        return not self._tidy and self._rng.random() < share

    def _run(self, text: str, look: str) -> str:
        properties = "".join(LOOKS[name] for name in look.split())
        run = documents.run(escape(text), properties)
        if self._often(0.06):
            return f'<w:ins w:id="1" w:author="u" w:date="2024-11-01T00:00:00Z">{run}</w:ins>'
        if self._often(0.06):
            return f'<w:smartTag w:uri="x" w:element="y">{run}</w:smartTag>'
        if self._often(0.06):
            return f"<w:sdt><w:sdtPr/><w:sdtContent>{run}</w:sdtContent></w:sdt>"
        if self._often(0.06):
            return f'<w:del w:id="2" w:author="u" w:date="2024-11-01T00:00:00Z"><w:r><w:delText>旧字</w:delText></w:r></w:del>{run}'
        return run

    def _runs(self, text: str, look: str) -> str:
        if len(text) > 1 and self._often(0.4):
            cut = self._rng.randrange(1, len(text))
            return self._run(text[:cut], look) + '<w:proofErr w:type="spellStart"/>' + self._run(text[cut:], look)
        return self._run(text, look) if text else ""

    def _paragraphs(self, pieces: Sequence[Piece]) -> list[str]:
        """Paragraphs of these pieces; a line break ends the paragraph, or is a `w:br` in it."""
        paragraphs, breaks = [""], self._often(0.3)
        for piece in pieces:
            if piece.xml:
                paragraphs[-1] += piece.xml
                continue
            for index, part in enumerate(piece.text.split("\n")):
                if index and breaks:
                    paragraphs[-1] += "<w:r><w:br/></w:r>"
                elif index:
                    paragraphs.append("")
                paragraphs[-1] += self._runs(part, piece.look)
        return [f"<w:p>{content}</w:p>" for content in paragraphs]

    def _line(self, line: Line) -> str:
        return "".join(self._paragraphs(line.pieces)) + (f"<w:p>{DRAWING}</w:p>" if line.seal else "")

    def _table(self, table: Table) -> str:
        open_below: dict[int, tuple[int, int]] = {}
        rows = []
        for row in table.rows:
            cells, column = [], 0
            while column < table.width:
                cell = row[column] if column < len(row) else None
                if cell is None and open_below.get(column, (0, 0))[0]:
                    left, wide = open_below[column]
                    open_below[column] = (left - 1, wide)
                    cells.append(self._cell(Box(wide=wide), documents.merge()))
                    column += wide
                    continue
                cell = cell or Box()
                if cell.high > 1:
                    open_below[column] = (cell.high - 1, cell.wide)
                cells.append(self._cell(cell, documents.merge("restart") if cell.high > 1 else ""))
                column += cell.wide
            line = f"<w:tr>{''.join(cells)}</w:tr>"
            rows.append(f"<w:sdt><w:sdtPr/><w:sdtContent>{line}</w:sdtContent></w:sdt>" if self._often(0.05) else line)
        columns = '<w:gridCol w:w="1000"/>' * table.width
        grid = "" if self._often(0.2) else f"<w:tblGrid>{columns}</w:tblGrid>"
        whole = f"<w:tbl><w:tblPr/>{grid}{''.join(rows)}</w:tbl>"
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{whole}</w:sdtContent></w:sdt>" if self._often(0.1) else whole

    def _cell(self, cell: Box, merge: str) -> str:
        content = self._paragraphs(cell.pieces)
        for target in cell.links:
            key = f"rId{len(self._links) + 10}"
            self._links[key] = ("hyperlink", target)
            content.append(f'<w:p><w:hyperlink r:id="{key}">{documents.run("点击查看")}</w:hyperlink></w:p>')
        if cell.seal:
            content.append(f"<w:p>{DRAWING}</w:p>")
        if cell.inner:
            content = [self._table(cell.inner), *content]
        span = documents.grid_span(cell.wide) if cell.wide > 1 else ""
        whole = f"<w:tc><w:tcPr>{span}{merge}</w:tcPr>{''.join(content)}</w:tc>"
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{whole}</w:sdtContent></w:sdt>" if self._often(0.05) else whole


def library_docx(paper: Paper) -> bytes:
    """The paper as python-docx writes it."""
    import docx

    document = docx.Document()
    for part in paper:
        if isinstance(part, Line):
            _fill(document.add_paragraph(), part.pieces)
            continue
        grid = document.add_table(len(part.rows), part.width)
        cells = [list(row.cells) for row in grid.rows]
        for y, row in enumerate(part.rows):
            for x, box in enumerate(row):
                if box is None:
                    continue
                cell = cells[y][x]
                if box.wide > 1 or box.high > 1:
                    cell = cell.merge(cells[y + box.high - 1][x + box.wide - 1])
                _fill_cell(cell, box)
    document.add_paragraph()
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _fill_cell(cell: Any, box: Box) -> None:
    _fill(cell.paragraphs[0], box.pieces)
    if box.seal:
        cell.add_paragraph().add_run().add_picture(io.BytesIO(seal()))
    for target in box.links:
        cell.add_paragraph(target)


def _fill(paragraph: Any, pieces: Sequence[Piece]) -> None:
    from docx.enum.text import WD_COLOR_INDEX
    from docx.shared import RGBColor

    for piece in pieces:
        run = paragraph.add_run(piece.text)
        looks = piece.look.split()
        for name, attribute in (("bold", "bold"), ("underline", "underline")):
            if name in looks:
                setattr(run, attribute, True)
        if "strike" in looks:
            run.font.strike = True
        if "highlight" in looks:
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW
        if "red" in looks or "grey" in looks:
            run.font.color.rgb = RGBColor(255, 0, 0) if "red" in looks else RGBColor(0xBF, 0xBF, 0xBF)


def workbook(sheets: dict[str, Paper], hidden: Sequence[str] = (), styled_rows: int = 0, left: int = 0) -> bytes:
    """A workbook of these papers; `left` empty columns before each, `styled_rows` rows of bare format below."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, paper in sheets.items():
        sheet = book.create_sheet(title)
        if title in hidden:
            sheet.sheet_state = "hidden"
        width = max((part.width for part in paper if isinstance(part, Table)), default=1)
        row = 1
        for part in paper:
            rows = part.rows if isinstance(part, Table) else ((Box(part.pieces, wide=width), *[None] * (width - 1)),)
            for boxes in rows:
                for column, box in enumerate(boxes, 1 + left):
                    if box is not None:
                        _write_cell(sheet, row, column, box)
                row += 1
    stream = io.BytesIO()
    book.save(stream)
    return _styled_below(stream.getvalue(), styled_rows) if styled_rows else stream.getvalue()


def _styled_below(content: bytes, count: int) -> bytes:
    """The workbook with this many rows below those of its first sheet that hold nothing but a format."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    rows = "".join(f'<row r="{row}"><c r="B{row}" s="0"/></row>' for row in range(1000, 1000 + count))
    parts["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", f"{rows}</sheetData>").encode()
    return documents.zipped(parts)


def _write_cell(sheet: Any, row: int, column: int, box: Box) -> None:
    cell = sheet.cell(row, column)
    if box.number is not None:
        cell.value = box.number
    elif any(piece.look for piece in box.pieces):
        cell.value = _rich(box.pieces)
    elif box.text:
        cell.value = box.text
        cell.data_type = "s"
    if box.links:
        cell.hyperlink = box.links[0]
        cell.value = box.text or "点击查看"
    if box.wide > 1 or box.high > 1:
        sheet.merge_cells(
            start_row=row, start_column=column, end_row=row + box.high - 1, end_column=column + box.wide - 1
        )
    if box.seal:
        from openpyxl.drawing.image import Image

        sheet.add_image(Image(io.BytesIO(seal())), cell.coordinate)


def _rich(pieces: Sequence[Piece]) -> Any:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    fonts = {
        "bold": {"b": True}, "underline": {"u": "single"}, "strike": {"strike": True}, "red": {"color": "FFFF0000"}, "grey": {"color": "FFBFBFBF"},
    }  # fmt: skip
    text = CellRichText()
    for piece in pieces:
        font: dict[str, Any] = {}
        for look in piece.look.split():
            font |= fonts[look]
        text.append(TextBlock(InlineFont(**font), piece.text) if font else piece.text)
    return text
