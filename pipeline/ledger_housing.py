"""Where what staff wrote beside a row belongs now that rows of the same name have come, gone or changed places.

Only among rows of one name; what no row of it may claim keeps its key, and is told of elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.ledger_table import Key, Named, Scalar, same

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
            vacant.setdefault(key[:width], []).append((key, tuple(map(same, row.marks))))
    moved = dict(written)
    for name, places in vacant.items():
        for old, new in _matched(astray[name], [place for place in places if place[0] not in written], width, marked):
            moved[new] = moved.pop(old)
        # Kept twice where a workbook was read that an older program had written.
        standing = [moved[key] for key, _ in places if key in moved]
        moved = {key: values for key, values in moved.items() if key not in astray[name] or values not in standing}
    return moved


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
