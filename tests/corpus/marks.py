"""Every way of selecting one of the ten printed categories (facts C2), as pieces of text; what is selected is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corpus.plan import Piece
from corpus.words import CATEGORIES

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
Way = Callable[[str], Sequence[Piece]]


def _list(
    chosen: str, yes: Callable[[str], Sequence[Piece]], no: Callable[[str], Sequence[Piece]], gap: str = "  "
) -> list[Piece]:
    pieces: list[Piece] = []
    for index, name in enumerate(CATEGORIES):
        pieces += yes(name) if name == chosen else no(name)
        pieces.append(Piece("\n" if index in (3, 7) else gap))
    return pieces


def _text(before: str = "", after: str = "", empty: str = "", empty_after: str = "", gap: str = "  ") -> Way:
    return lambda chosen: _list(
        chosen, lambda name: [Piece(f"{before}{name}{after}")], lambda name: [Piece(f"{empty}{name}{empty_after}")], gap
    )


def _look(look: str) -> Way:
    return lambda chosen: _list(chosen, lambda name: [Piece(name, look)], lambda name: [Piece(name)])


def _others(look: str) -> Way:
    return lambda chosen: _list(chosen, lambda name: [Piece(name)], lambda name: [Piece(name, look)])


def _xml(yes: str, no: str, after: bool = False) -> Way:
    def pieces(xml: str, name: str) -> list[Piece]:
        mark = [Piece("", xml=xml)] if xml else []
        return [Piece(name), *mark] if after else [*mark, Piece(name)]

    return lambda chosen: _list(chosen, lambda name: pieces(yes, name), lambda name: pieces(no, name))


def _symbol(font: str, code: str) -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def _letter(font: str, letter: str) -> str:
    return f'<w:r><w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr><w:t>{letter}</w:t></w:r>'


def _control(checked: bool) -> str:
    glyph = "☒" if checked else "☐"
    return (
        f'<w:sdt><w:sdtPr><w14:checkbox xmlns:w14="{W14}"><w14:checked w14:val="{int(checked)}"/>'
        f'<w14:checkedState w14:val="2612" w14:font="MS Gothic"/><w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/>'
        f"</w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>{glyph}</w:t></w:r></w:sdtContent></w:sdt>"
    )


def _form_field(checked: bool) -> str:
    state = "<w:checked/>" if checked else ""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="c"/><w:enabled/><w:calcOnExit w:val="0"/>'
        f'<w:checkBox><w:sizeAuto/><w:default w:val="0"/>{state}</w:checkBox></w:ffData></w:fldChar></w:r>'
        "<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


ENCIRCLED = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> eq \\o\\ac(□,√)</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)
TRACKED_TICK = '<w:ins w:id="90" w:author="u" w:date="2024-11-01T00:00:00Z"><w:r><w:t>√</w:t></w:r></w:ins>'


def _deleted(chosen: str) -> list[Piece]:
    return [Piece(chosen)]


def _struck_out_in_tracking(chosen: str) -> list[Piece]:
    pieces = []
    for name in CATEGORIES:
        gone = f'<w:del w:id="91" w:author="u" w:date="2024-11-01T00:00:00Z"><w:r><w:delText>{name}  </w:delText></w:r></w:del>'
        pieces.append(Piece(name) if name == chosen else Piece("", xml=gone))
    return pieces


# Ways of text alone, ways of style, and those that only a Word file knows.
PLAIN: dict[str, Way] = {
    "tick before": _text("√"), "tick after": _text(after="√"), "check before": _text("✓ "), "heavy check after": _text(after=" ✔"),
    "boxes": _text("☑", empty="☐"), "crossed boxes": _text("☒", empty="☐"), "squares": _text("■", empty="□"),
    "box then tick": _text("□√", empty="□"), "tick on box after": _text(after="☑", empty_after="□"), "circles": _text("●", empty="○"),
    "tick in parentheses": _text("(√)", empty="( )"), "full-width parentheses": _text("（√）", empty="（ ）"), "behind in parentheses": _text(after="（√）"),
    "brackets": _text("[x]", empty="[ ]"), "mouth": _text("☑", empty="口"), "box with blank": _text("☑ ", empty="□ "), "tick, no gaps": _text("√", gap=" "),
    "tortoise": _text("〔√〕", empty="〔 〕"), "green tick": _text("✅", empty="⬜"), "v": _text(after="v"), "boxes behind": _text(after="■", empty_after="□"),
    "deleted": _deleted, "retyped": lambda chosen: [Piece(f"{chosen}")], "without kind": lambda chosen: [Piece(chosen.removesuffix("类"))],
    "number in front": lambda chosen: [Piece(f"{CATEGORIES.index(chosen) + 1}.{chosen}")], "quoted": lambda chosen: [Piece(f"“{chosen}”")],
    "list, then retyped": lambda chosen: [*_text()(chosen), Piece(f"\n{chosen}")], "ticked and kept alone": lambda chosen: [Piece(f"√{chosen}")],
    "box and kept alone": lambda chosen: [Piece(f"☑{chosen}")], "list, then 选择": lambda chosen: [*_text()(chosen), Piece(f"\n选择：{chosen}")],
}  # fmt: skip
STYLED: dict[str, Way] = {
    "bold": _look("bold"), "underline": _look("underline"), "red": _look("red"), "strike": _others("strike"), "grey others": _others("grey"),
    "tick and bold": lambda chosen: _list(chosen, lambda n: [Piece(f"√{n}", "bold")], lambda n: [Piece(n)]),
}  # fmt: skip
WORD: dict[str, Way] = {
    "highlight": _look("highlight"), "shaded": _look("shade"), "border": _look("border"),
    "wingdings 2 symbol": _xml(_symbol("Wingdings 2", "F052"), _symbol("Wingdings 2", "F0A3")), "wingdings symbol": _xml(_symbol("Wingdings", "F0FE"), _symbol("Wingdings", "F0A8")),
    "wingdings tick": _xml(_symbol("Wingdings", "F0FC"), ""), "wingdings 2 tick behind": _xml(_symbol("Wingdings 2", "F050"), "", after=True),
    "wingdings 2 run": _xml(_letter("Wingdings 2", "R"), _letter("Wingdings 2", "£")), "wingdings run": _xml(_letter("Wingdings", "þ"), _letter("Wingdings", "¨")),
    "content control": _xml(_control(True), _control(False)), "content control behind": _xml(_control(True), _control(False), after=True),
    "form field": _xml(_form_field(True), _form_field(False)), "encircled": _xml(ENCIRCLED, "<w:r><w:t>□</w:t></w:r>"),
    "tracked tick": _xml(TRACKED_TICK, ""), "tracked deletion": _struck_out_in_tracking,
}  # fmt: skip
