"""Where what staff wrote beside a row belongs now that rows of the same name have come, gone or changed places, in the ledger
or in a workbook that was written before.

Only among rows of one name; what no row of it may claim keeps its key, and is told of elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.ledger_staff import Notes, Staff
from pipeline.ledger_table import Key, Named, Scalar, folded

Written = Mapping[Key, Mapping[str, Scalar]]


def housed(written: Written, rows: Sequence[Named], shown: Sequence[Key]) -> Written:
    """What was written, under the keys that are shown now, those of `rows` in order.

    Of a name whose rows have other keys than before, each row takes what stood beside the row most like it in its marks; what
    was kept without marks goes by the order of the rows.
    """
    marked = len(rows[0].marks) if rows else 0
    if not marked:
        return written
    known, width = set(shown), len(rows[0].values)
    astray: dict[Key, list[Key]] = {}
    for key in written:
        if key and key not in known:
            astray.setdefault(key[:width], []).append(key)
    if not astray:
        return written
    vacant: dict[Key, list[tuple[Key, Key]]] = {}
    for key, row in zip(shown, rows, strict=True):
        if key[:width] in astray:
            vacant.setdefault(key[:width], []).append((key, folded(row.marks)))
    moved = dict(written)
    for name, places in vacant.items():
        for old, new in _matched(astray[name], [place for place in places if place[0] not in written], width, marked):
            moved[new] = moved.pop(old)
        # Kept twice where a workbook was read that an older program had written.
        standing = [moved[key] for key, _ in places if key in moved]
        moved = {key: values for key, values in moved.items() if key not in astray[name] or values not in standing}
    return moved


def reconciled(staff: Staff, before: Staff, said: Staff) -> tuple[Staff, Staff, Staff]:
    """What is stored, what a workbook held, and what it says now, so that what was written beside one row has the same key in
    all three: that of its row in the workbook, with its marks wherever the store tells rows of this name apart."""
    three = (staff, before, said)
    sheets = [dict(one.sheets) for one in three]
    for name, notes in said.sheets.items():
        if notes.named and name in staff.sheets:
            parts = [one.sheets.get(name, Notes()) for one in three]
            rows = _reconciled(parts[0].rows, parts[1].rows, notes.rows, notes.named)
            for sheet, part, written in zip(sheets, parts, rows, strict=True):
                sheet[name] = Notes(part.columns, written)
    return Staff(sheets[0]), Staff(sheets[1]), Staff(sheets[2])


def _reconciled(
    staff: Written, before: Written, said: Written, named: Mapping[Key, tuple[Key, Key]]
) -> tuple[Written, Written, Written]:
    width, marked = map(len, next(iter(named.values())))
    apart = {key[:width] for key in staff if len(key) > width}
    full: dict[Key, Key] = {}
    book: dict[Key, list[tuple[Key, Key]]] = {}
    for key, (name, marks) in named.items():
        if key == name and name in apart and name not in staff:
            full[key] = (*name, *marks)
        book.setdefault(name, []).append((full.get(key, key), marks))
    before, said = _moved(before, full), _moved(said, full)
    # An older program told rows of one name apart by a number.
    older: dict[Key, Key] = {}
    for name, old in _astray(before, book, width).items():
        older.update(_matched(old, [place for place in book[name] if place[0] not in before], width, marked))
    before, staff = _moved(before, older), _moved(staff, older)
    # Where others of its name have come or gone since, or its marks have changed, the store has a row under another key.
    since: dict[Key, Key] = {}
    for name, old in _astray(staff, book, width).items():
        vacant = [place for place in book[name] if place[0] not in staff and before.get(place[0])]
        since.update(_recognised(staff, before, old, vacant))
        taken = {since[key] for key in old if key in since}
        told = [key for key in old if key not in since and len(key) >= width + marked]
        since.update(_matched(told, [place for place in vacant if place[0] not in taken], width, marked))
    return _moved(staff, since), before, said


def _astray(written: Written, book: Mapping[Key, Sequence[tuple[Key, Key]]], width: int) -> Mapping[Key, list[Key]]:
    """The keys that no row of the workbook has, by the names of its rows."""
    found: dict[Key, list[Key]] = {}
    shown = {key for places in book.values() for key, _ in places}
    for key in written:
        if key and key not in shown and key[:width] in book:
            found.setdefault(key[:width], []).append(key)
    return found


def _recognised(
    staff: Written, before: Written, old: Iterable[Key], vacant: Sequence[tuple[Key, Key]]
) -> Mapping[Key, Key]:
    """Pairs of an old and a new key beside which the same was written."""
    pairs: dict[Key, Key] = {}
    for key in old:
        alike = (new for new, _ in vacant if new not in pairs.values() and before[new] == staff[key])
        if (new := next(alike, None)) is not None:
            pairs[key] = new
    return pairs


def _moved(written: Written, moves: Mapping[Key, Key]) -> Written:
    """The same, what stood under the old keys under the new ones, unless something stands there."""
    return {moves[key] if key in moves and moves[key] not in written else key: one for key, one in written.items()}


def _matched(
    astray: Sequence[Key], vacant: Sequence[tuple[Key, Key]], width: int, marked: int
) -> Sequence[tuple[Key, Key]]:
    """Pairs of an old and a new key, those most alike in their marks first; with none in common only what had no marks."""
    ranked = []
    for old_place, old in enumerate(sorted(astray)):
        before = old[width : width + marked] if len(old) >= width + marked else ()
        for new_place, (new, marks) in enumerate(vacant):
            alike = sum(one == other != "" for one, other in zip(before, marks, strict=False))
            if alike or not any(before):
                ranked.append((-alike, new_place, old_place, old, new))
    pairs: dict[Key, Key] = {}
    for *_, old, new in sorted(ranked):
        if old not in pairs and new not in pairs.values():
            pairs[old] = new
    return list(pairs.items())
