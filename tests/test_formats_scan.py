"""Red seals on pages by colour and shape, and pictures of forms where the optional OCR is installed."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from documents import cell, docx, paragraph, table
from papers import OPTIONS, application
from parsers.catalogue import RECOGNISED, read
from parsers.formats import scan
from parsers.formats.red_seal import red_only, red_seal_on_page, seals, without_red
from parsers.model import Annex4, Transcript
from test_formats_legacy import TYPES, made_by_office, needs_office

RED = (214, 40, 36)


def page(size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A white page with lines of black strokes like print."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for y in range(120, size[1] - 100, 46):
        for x in range(120, size[0] - 120, 34):
            draw.line((x, y, x + 20, y + 14), fill="black", width=3)
            draw.line((x + 18, y, x + 4, y + 22), fill="black", width=3)
    return image


def stamp(image: Image.Image, x: int, y: int, across: int = 236, down: int = 236, colour: object = RED) -> Image.Image:
    """The page with a round seal on it: a ring, a star and strokes like letters along the ring."""
    draw = ImageDraw.Draw(image)
    draw.ellipse((x, y, x + across, y + down), outline=colour, width=9)  # type: ignore[arg-type]
    middle_x, middle_y = x + across / 2, y + down / 2
    points = [
        (middle_x + r * math.sin(i * math.pi / 5), middle_y - r * math.cos(i * math.pi / 5))
        for i, r in enumerate([40, 16] * 5)
    ]
    draw.polygon(points, fill=colour)  # type: ignore[arg-type]
    for i in range(14):
        angle = math.pi * (0.8 + 1.4 * i / 13)
        at_x, at_y = middle_x + across * 0.37 * math.cos(angle), middle_y + down * 0.37 * math.sin(angle)
        draw.rectangle((at_x - 9, at_y - 9, at_x + 9, at_y + 9), outline=colour, width=4)  # type: ignore[arg-type]
    return image


def test_a_round_seal_over_print_is_found_where_it_is() -> None:
    image = stamp(page(), 800, 1300)
    assert red_seal_on_page(image)
    ((left, top, right, bottom),) = seals(image)
    assert abs(left - 800) < 15
    assert abs(top - 1300) < 15
    assert abs(right - 1036) < 15
    assert abs(bottom - 1536) < 15


@pytest.mark.parametrize("change", ["oval", "pale", "blurred", "small page", "compressed"])
def test_a_seal_is_found_however_the_page_was_scanned(change: str) -> None:
    image = page()
    if change == "oval":
        image = stamp(image, 700, 1200, 320, 230)
    elif change == "pale":
        image = stamp(image, 700, 1200, colour=(240, 128, 120))
    else:
        image = stamp(image, 700, 1200)
    if change == "blurred":
        image = image.filter(ImageFilter.GaussianBlur(3))
    if change == "small page":
        image = image.resize((620, 877))
    if change == "compressed":
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=35)
        image = Image.open(stream)
    assert red_seal_on_page(image)


def red_title(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image)
    for x in range(200, 1000, 60):
        draw.rectangle((x, 40, x + 40, 90), outline=RED, width=6)


@pytest.mark.parametrize("kind", ["nothing", "blue", "title", "square", "disc", "line", "photo", "dot"])
def test_what_is_no_seal_is_not_taken_for_one(kind: str) -> None:
    image = page()
    draw = ImageDraw.Draw(image)
    if kind == "blue":
        stamp(image, 700, 1200, colour=(30, 60, 200))
    elif kind == "title":
        red_title(image)
    elif kind == "square":
        draw.rectangle((700, 1200, 940, 1250), outline=RED, width=8)
    elif kind == "disc":
        draw.rectangle((700, 1200, 940, 1440), fill=RED)
    elif kind == "line":
        draw.line((100, 200, 1100, 200), fill=RED, width=8)
    elif kind == "photo":
        image = Image.linear_gradient("L").resize((1240, 1754)).convert("RGB")
        ImageDraw.Draw(image).rectangle((0, 0, 1240, 800), fill=(200, 60, 50))
    elif kind == "dot":
        draw.ellipse((700, 1200, 730, 1230), outline=RED, width=4)
    assert not red_seal_on_page(image)


def test_a_seal_can_be_taken_off_the_page_and_the_page_from_under_it() -> None:
    image = stamp(page(), 800, 1300)
    (box,) = seals(image)
    seal, under = red_only(image, box), without_red(image, box)
    assert min(seal.convert("L").histogram()[:60]) == 0
    assert sum(seal.convert("L").histogram()[:60]) == 0
    assert not red_seal_on_page(Image.composite(under, under, under.convert("L")))


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
def test_without_ocr_a_picture_is_supporting_material(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "has_ocr", lambda: False)
    stream = io.BytesIO()
    page((60, 80)).save(stream, "JPEG" if kind == "jpg" else kind.upper())
    assert read(stream.getvalue(), f"照片.{kind}") == [Transcript(form=None, format=kind)]


needs_ocr = pytest.mark.skipif(not scan.has_ocr(), reason="the optional OCR is not installed")


@needs_ocr
def test_a_photograph_without_a_table_is_not_recognised() -> None:
    stream = io.BytesIO()
    page().save(stream, "PNG")
    assert read(stream.getvalue(), "照片.png") == [Transcript(form=None, format="png")]


@needs_ocr
def test_a_damaged_picture_troubles_nobody() -> None:
    stream = io.BytesIO()
    page().save(stream, "PNG")
    assert read(stream.getvalue()[:900], "照片.png") == [Transcript(form=None, format="png")]


@needs_ocr
def test_a_scanned_form_is_a_candidate_with_its_seal_and_says_so() -> None:
    font = next((name for name in FONTS if _opens(name)), None)
    if font is None:
        pytest.skip("no font with Chinese letters")
    letters = ImageFont.truetype(font, 34)
    image = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(image)
    labels = ["项目名称", "所在学校", "申报主体", "负责人", "联系电话", "项目类别", "实施时间", "项目内容", "推荐意见"]
    values = [
        "示例项目甲",
        "内蒙古大学",
        "校级学生会",
        "张三",
        "13800000001",
        "学业促进类",
        "2023年9月至今",
        "每周开放。",
        "同意推荐。",
    ]
    for row, (label, value) in enumerate(zip(labels, values, strict=True)):
        top = 200 + 140 * row
        for left, right in ((100, 400), (400, 1140)):
            draw.rectangle((left, top, right, top + 140), outline="black", width=3)
        draw.text((130, top + 45), label, fill="black", font=letters)
        draw.text((430, top + 45), value, fill="black", font=letters)
    stamp(image, 820, 1290)
    stream = io.BytesIO()
    image.rotate(0.8, fillcolor="white", resample=Image.Resampling.BICUBIC).save(stream, "JPEG", quality=80)
    (transcript,) = read(stream.getvalue(), "扫描.jpg")
    assert (transcript.form, transcript.format) == ("annex4", "scan")
    assert RECOGNISED in transcript.notes
    record = transcript.record
    assert record is not None
    assert (record.project_name, record.phone, record.sealed) == ("示例项目甲", "13800000001", True)  # type: ignore[union-attr]


FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)  # fmt: skip


def _opens(name: str) -> bool:
    try:
        ImageFont.truetype(name, 20)
    except OSError:
        return False
    return True


BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="6"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)
MARKED = {
    "box": OPTIONS.replace("社会实践", "☑社会实践"),
    "tick": OPTIONS.replace("助困帮扶", "√助困帮扶"),
}


def boxed(options: str) -> str:
    """The options, each with a box in front, but for the one that is ticked."""
    for name in options.split():
        if "☑" not in name:
            options = options.replace(name, f"□{name}")
    return options


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An Annex 4 with a ticked box and one with a mere tick, as printed."""
    files = {}
    for name, options in (("box", boxed(MARKED["box"])), ("tick", MARKED["tick"])):
        rows = []
        for label, *values in application(categories=options, content="每周开放三次，服务同学。\n" * 6):
            texts = [label, *(value for value in values if value is not None)]
            cells = [cell(*map(paragraph, text.split("\n"))) for text in texts]
            span = '<w:tcPr><w:gridSpan w:val="3"/></w:tcPr>'
            rows.append(
                "".join(cells) if len(cells) == 4 else cells[0] + cells[1].replace("<w:tc>", f"<w:tc>{span}", 1)
            )
        body = table(*rows).replace("<w:tbl>", f"<w:tbl><w:tblPr><w:tblBorders>{BORDERS}</w:tblBorders></w:tblPr>", 1)
        content = docx(paragraph("附件4") + body + paragraph(""), parts={"[Content_Types].xml": TYPES})
        files[name] = made_by_office(content, "pdf", tmp_path_factory.mktemp(name))
    return files


def scanned(content: bytes, dpi: int, turned: float = 0.0, grey: bool = False) -> bytes:
    """The first page as a scanner or a telephone gives it, with a seal on it."""
    import pypdfium2

    image = pypdfium2.PdfDocument(content)[0].render(scale=dpi / 72).to_pil().convert("RGB")
    across = round(1.6 * dpi)
    large = stamp(Image.new("RGB", (500, 500), "white"), 130, 130).crop((120, 120, 376, 376)).resize((across, across))
    place = round(0.62 * image.width), round(0.43 * image.height - across / 2)
    image.paste(ImageChops.multiply(large, image.crop((*place, place[0] + across, place[1] + across))), place)
    if grey:
        paper = Image.linear_gradient("L").resize(image.size).point([150 + level // 4 for level in range(256)])
        image = ImageChops.multiply(image, Image.merge("RGB", [paper] * 3))
        noise = Image.effect_noise(image.size, 12)
        image = Image.blend(image, ImageChops.overlay(image, Image.merge("RGB", [noise] * 3)), 0.3)
    image = image.rotate(turned, expand=turned % 90 == 0, fillcolor=(160, 160, 160) if grey else "white", resample=3)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=60)
    return stream.getvalue()


@needs_ocr
@needs_office
@pytest.mark.parametrize(
    ("mark", "dpi", "turned", "grey"),
    [
        ("box", 110, 0.7, False),
        ("tick", 150, 180, False),
        ("box", 200, 90, False),
        ("tick", 300, -0.5, True),
    ],
)
def test_a_scan_of_a_printed_form_is_read(
    printed: dict[str, bytes], mark: str, dpi: int, turned: float, grey: bool
) -> None:
    (transcript,) = read(scanned(printed[mark], dpi, turned, grey), "扫描.jpg")
    record = transcript.record
    assert isinstance(record, Annex4)
    wanted = {"box": "社会实践类", "tick": "助困帮扶类"}[mark]
    assert record.categories == (wanted,)
    assert (record.project_name, record.university, record.leader) == ("阳光书屋", "内蒙古大学", "张三")
    assert (record.phone, record.sealed) == ("13800000001", True)


@needs_ocr
def test_boxes_are_found_by_their_ink_and_letters_that_look_alike_stay() -> None:
    from parsers.formats.ocr import _with_boxes
    from parsers.formats.piece import Piece
    from parsers.formats.tick_boxes import TickBox

    def at(x: float, text: str) -> Piece:
        return Piece(text, x, 0, x + 20, 24)

    boxes = [
        TickBox(x, 2, x + 18, 20, marked)
        for x, marked in ((0, False), (100, True), (200, False), (300, False), (360, True))
    ]
    pieces = [
        at(0, "□"),
        at(30, "甲"),
        at(100, "回"),
        at(130, "乙"),
        at(230, "丙"),
        at(300, "□"),
        at(330, "丁"),
        at(360, "团"),
    ]
    texts = {piece.left: piece.text for piece in _with_boxes(pieces, boxes)}
    assert [texts[x] for x in sorted(texts)] == ["☐", "甲", "☑", "乙", "☐", "丙", "☐", "丁", "团"]
    alone = [at(100, "国"), at(130, "家")]
    assert _with_boxes(alone, [boxes[1]]) == alone


@needs_ocr
def test_a_mark_in_a_box_is_seen_and_an_empty_box_is_not_marked() -> None:
    import numpy

    from parsers.formats.tick_boxes import tick_boxes

    page = Image.new("L", (1000, 300))
    draw = ImageDraw.Draw(page)
    for x in (100, 200, 300):
        draw.rectangle((x, 100, x + 18, 118), outline=255, width=2)
    draw.line((203, 108, 208, 115, 217, 101), fill=255, width=3)
    draw.ellipse((400, 100, 418, 118), outline=255, width=2)
    found = sorted(tick_boxes(numpy.asarray(page)))
    assert [(round(box.left, -2), box.marked) for box in found] == [(100, False), (200, True), (300, False)]


def test_recognition_is_not_loaded_for_a_document_that_was_typed() -> None:
    path = Path(__file__).resolve().parents[1] / "templates" / "附件4.docx"
    code = (
        f"import sys, parsers; parsers.read(open({str(path)!r}, 'rb').read(), 'a.docx'); parsers.read(b'%PDF-1.4', 'a.pdf')"
        "; print(sorted({'rapidocr', 'onnxruntime', 'cv2'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=path.parents[1], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
