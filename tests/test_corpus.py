"""The corpus: filled forms with known values, by several programs in many layouts, read and judged as `check` does.

Every run makes the same papers. The figures stand in the assertion's message; single facts have tests of their own elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from corpus import defects, form_paper, office, summary_paper, words, write
from corpus.plan import Line, Paper, Piece, Table, line
from corpus.tally import Tally, answer
from effort import takes_less
from pipeline.rules import Rules
from pipeline.rules_file import load

ROOT = Path(__file__).parents[1]
SHEET, XML, LIBRARY, OFFICE = "xlsx", "xml", "library", "office"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(ROOT / "rules.yaml")


def written(rng: Random, paper: Paper, program: str, tidy: bool = False) -> tuple[str, bytes]:
    """The paper as a file, and the ending of its name."""
    if program == SHEET:
        return ".xlsx", write.workbook({rng.choice(("Sheet1", "汇总表", "附件")): paper}, left=rng.choice((0, 0, 1)))
    if program in (XML, OFFICE):
        return ".docx", write.WordXml(rng, tidy).write(paper)
    return ".docx", write.library_docx(paper)


def way_for(rng: Random, row: dict[str, Any], program: str) -> Sequence[Piece]:
    """A marked list of categories that this program can write; none or several marked where the truth says so."""
    choices = row.get("choices", [row["choice"]])
    if len(choices) == 1:
        ways = form_paper.WAYS[program]
        return ways[rng.choice(list(ways))](choices[0])
    mark, empty = rng.choice((("√", ""), ("☑", "□"), ("■", "□"), ("(√)", "( )")))
    return [Piece("".join(f"{mark if name in choices else empty}{name}  " for name in words.CATEGORIES))]


def form_paper_for(rng: Random, row: dict[str, Any], program: str, style: str = "") -> Paper:
    styles = [one for one in form_paper.STYLES if program in (XML, OFFICE) or one not in form_paper.ONLY_WORD]
    return form_paper.paper(rng, row, way_for(rng, row, program), style or rng.choice(styles))


def files_of(rng: Random, truth: dict[str, Any], tidy: bool = False) -> tuple[dict[str, bytes], dict[str, Any]]:
    """A submission as files, each by some program, and the data that each must give."""
    files: dict[str, bytes] = {}
    expected: dict[str, Any] = {}
    program = rng.choice((SHEET, SHEET, SHEET, XML, LIBRARY))
    if truth.get("without") != "table":
        ending, content = written(rng, summary_paper.paper(rng, truth, program == SHEET), program, tidy)
        files[f"a{ending}"], expected[f"a{ending}"] = content, summary_paper.data(truth)
    for index, row in enumerate(truth["projects"]):
        if truth.get("without") == index:
            continue
        program = rng.choice((XML, XML, LIBRARY, SHEET))
        ending, content = written(rng, form_paper_for(rng, row, program), program, tidy)
        files[f"b{index}{ending}"] = content
        expected[f"b{index}{ending}"] = form_paper.data(row, row["sealed"])
    return files, expected


def compare(tally: Tally, where: str, found: dict[str, Any], expected: dict[str, Any]) -> None:
    got = {one["path"]: one for one in found["documents"]}
    assert len(got) == len(found["documents"]), where
    for path, data in expected.items():
        tally.documents += 1
        tally.compare(f"{where}/{path}", data, got[path]["data"])


def unsealed(truth: dict[str, Any]) -> set[str]:
    return set() if all(row["sealed"] for row in truth["projects"]) else {"annex4.seal.missing"}


@pytest.mark.parametrize("part", range(4))
def test_correct_submissions_are_read_to_the_letter_and_nothing_is_found_wrong(
    part: int, rules: Rules, tmp_path: Path
) -> None:
    tally = Tally()
    for seed in range(part * 10, part * 10 + 10):
        rng = Random(seed)
        truth = words.submission(rng)
        files, expected = files_of(rng, truth)
        found = answer(files, tmp_path / str(seed), rules)
        compare(tally, f"s{seed}", found, expected)
        tally.rules(f"s{seed}", found, set(), unsealed(truth))
    assert not tally.remarks, str(tally)


@pytest.mark.parametrize("program", [SHEET, XML, LIBRARY])
def test_every_way_of_marking_a_category_names_the_one_marked(program: str, rules: Rules, tmp_path: Path) -> None:
    tally, rng = Tally(), Random(7)
    ways = form_paper.WAYS[program]
    truth = words.submission(rng, 1)
    files, expected = {}, {}
    for index, (name, way) in enumerate(ways.items()):
        row = {**truth["projects"][0], "form_name": f"{name}", "choice": words.CATEGORIES[index * 7 % 10]}
        ending, content = written(rng, form_paper.paper(rng, row, way(row["choice"]), "printed"), program, True)
        files[f"{index}{ending}"], expected[f"{index}{ending}"] = content, form_paper.data(row, row["sealed"])
    compare(tally, program, answer(files, tmp_path / program, rules), expected)
    assert not tally.remarks, str(tally)


DEFECTS = [(rule, index) for rule, seeds in defects.DEFECTS.items() for index in range(len(seeds))]


@pytest.mark.parametrize("part", range(4))
def test_every_seeded_defect_is_found_and_nothing_else(part: int, rules: Rules, tmp_path: Path) -> None:
    tally = Tally()
    for number, (rule, index) in enumerate(DEFECTS[part::4]):
        rng = Random(number * 4 + part)
        truth = words.submission(rng, rng.randint(2, 4))
        defects.DEFECTS[rule][index](rng, truth)
        files, expected = files_of(rng, truth, tidy=True)
        found = answer(files, tmp_path / f"{part}-{number}", rules)
        compare(tally, f"{rule}.{index}", found, expected)
        tally.rules(f"{rule}.{index}", found, {rule}, unsealed(truth) | defects.ALONG.get(rule, set()))
    assert not tally.remarks, str(tally)


def test_a_missing_seal_is_mentioned_only_where_there_is_none(rules: Rules, tmp_path: Path) -> None:
    tally = Tally()
    for seed in range(6):
        rng = Random(seed)
        truth = words.submission(rng, 2)
        for row in truth["projects"]:
            row["sealed"] = seed % 2 == 0
        files, expected = files_of(rng, truth)
        found = answer(files, tmp_path / str(seed), rules)
        compare(tally, f"s{seed}", found, expected)
        tally.rules(f"s{seed}", found, set() if seed % 2 == 0 else {"annex4.seal.missing"})
    assert not tally.remarks, str(tally)


def test_several_forms_in_one_word_file_are_read_apart(rules: Rules, tmp_path: Path) -> None:
    tally = Tally()
    for seed in range(8):
        rng = Random(100 + seed)
        truth = words.submission(rng, 3)
        parts: list[Line | Table] = list(summary_paper.paper(rng, truth, False))
        style = rng.choice(
            ("printed", "title in table", "split over pages", "inline", "one column", "paragraphs", "some paragraphs")
        )
        for row in truth["projects"]:
            parts += [line(""), *form_paper_for(rng, row, XML, style)]
        found = answer({"全部.docx": write.WordXml(rng).write(parts)}, tmp_path / str(seed), rules)
        expected = [summary_paper.data(truth), *(form_paper.data(row, row["sealed"]) for row in truth["projects"])]
        tally.documents += len(expected)
        for index, data in enumerate(expected):
            got = found["documents"][index]["data"] if index < len(found["documents"]) else None
            tally.compare(f"s{seed} {style} {index}", data, got)
        tally.rules(f"s{seed} {style}", found, set(), unsealed(truth))
    assert not tally.remarks, str(tally)


@pytest.mark.parametrize("contact", ["before", "behind", "top", "below"])
@pytest.mark.parametrize("file", ["三校.docx", "三校.xlsx", "一表.xlsx"])
def test_the_tables_of_several_universities_in_one_file_keep_their_own_contacts(
    file: str, contact: str, rules: Rules, tmp_path: Path
) -> None:
    tally, sheet = Tally(), file.endswith("xlsx")
    for seed in range(4):
        rng = Random(200 + seed)
        truths = [words.submission(rng, rng.randint(1, 3)) for _ in range(3)]
        for index, truth in enumerate(truths):
            truth["university"] = words.UNIVERSITIES[(seed + index) % len(words.UNIVERSITIES)][0]
        papers = [summary_paper.paper(rng, truth, sheet, "printed", contact) for truth in truths]
        if file == "三校.xlsx":
            content = write.workbook({f"表{index}": paper for index, paper in enumerate(papers)})
        else:
            together = [part for paper in papers for part in (*paper, line(""))]
            content = write.workbook({"Sheet1": together}) if sheet else write.WordXml(rng).write(together)
        documents = answer({file: content}, tmp_path / str(seed), rules)["documents"]
        for index, truth in enumerate(truths):
            tally.documents += 1
            got = documents[index]["data"] if index < len(documents) else None
            tally.compare(f"s{seed} {index}", summary_paper.data(truth), got)
    assert not tally.remarks, str(tally)


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, bytes], dict[str, Any]]]:
    """What LibreOffice makes of the same forms, by the way they went: files and the data they must give."""
    folder, rng = tmp_path_factory.mktemp("office"), Random(11)
    word: dict[str, bytes] = {}
    excel: dict[str, bytes] = {}
    truth: dict[str, Any] = {}
    for seed in range(3):
        for kind, files in (("w", word), ("x", excel)):
            program = rng.choice((XML, LIBRARY)) if kind == "w" else SHEET
            one = words.submission(rng, rng.randint(2, 4))
            for row in one["projects"]:
                # A picture's name and a link's target in a sheet are lost on the way through the old formats.
                row["bare_links"], row["sealed"] = kind == "x", row["sealed"] and kind == "w"
            ending, content = written(rng, summary_paper.paper(rng, one, kind == "x"), program, True)
            files[f"{kind}a{seed}{ending}"], truth[f"{kind}a{seed}"] = content, summary_paper.data(one)
            for index, row in enumerate(one["projects"][:3]):
                program = OFFICE if kind == "w" else SHEET
                ending, content = written(rng, form_paper_for(rng, row, program), program, True)
                files[f"{kind}b{seed}{index}{ending}"], truth[f"{kind}b{seed}{index}"] = (
                    content,
                    form_paper.data(row, row["sealed"]),
                )
    made: dict[str, dict[str, bytes]] = {}
    for files, back, kinds in ((word, "docx", ("odt", "doc")), (excel, "xlsx", ("ods", "xls"))):
        for kind in kinds:
            made[kind] = office.convert(files, (kind,), folder / kind)
        once = {f"{kind}-{name}": content for kind in kinds for name, content in made[kind].items()}
        again = office.convert(once, (back,), folder / back)
        for kind in kinds:
            made[f"{kind} {back}"] = {n.partition("-")[2]: c for n, c in again.items() if n.startswith(f"{kind}-")}
    return {way: (files, {name: truth[name.partition(".")[0]] for name in files}) for way, files in made.items()}


@pytest.mark.skipif(office.SOFFICE is None and not os.environ.get("CI"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("way", ["odt docx", "doc docx", "ods xlsx", "xls xlsx", "ods", "xls"])
def test_what_an_office_writes_again_is_read_the_same(way: str, trips: Any, rules: Rules, tmp_path: Path) -> None:
    tally, (files, expected) = Tally(), trips[way]
    if way in ("ods", "xls"):
        expected = {name: seal_unknown(data) for name, data in expected.items()}
    compare(tally, way, answer(files, tmp_path, rules), expected)
    assert not tally.remarks, str(tally)


def seal_unknown(data: dict[str, Any]) -> dict[str, Any]:
    """The same form from a reader that sees no pictures."""
    return {**data, "sealed": None} if "sealed" in data else data


def test_a_hundred_thousand_styled_but_empty_rows_cost_little(rules: Rules, tmp_path: Path) -> None:
    rng = Random(5)
    truth = words.submission(rng, 3)
    sheets = {"Sheet1": summary_paper.paper(rng, truth, True)}
    plain, styled = write.workbook(sheets), write.workbook(sheets, styled_rows=100_000)
    tally = Tally()

    def read_styled() -> None:
        found = answer({"a.xlsx": styled}, tmp_path / "styled", rules)
        compare(tally, "styled", found, {"a.xlsx": summary_paper.data(truth)})

    takes_less(read_styled, 100, lambda: answer({"a.xlsx": plain}, tmp_path / "plain", rules))
    assert not tally.remarks, str(tally)


def test_hidden_and_empty_sheets_beside_the_table_are_no_forms(rules: Rules, tmp_path: Path) -> None:
    rng = Random(6)
    truth, old = words.submission(rng, 3), words.submission(rng, 2)
    sheets: dict[str, Paper] = {
        "旧表": summary_paper.paper(rng, old, True), "附件3": summary_paper.paper(rng, truth, True), "Sheet2": [], "Sheet3": [line("备注")]
    }  # fmt: skip
    found = answer({"a.xlsx": write.workbook(sheets, hidden=("旧表",))}, tmp_path, rules)
    tally = Tally()
    compare(tally, "hidden", found, {"a.xlsx": summary_paper.data(truth)})
    assert not tally.remarks, str(tally)


def test_the_corpus_and_the_rules_name_the_same_ten_categories(rules: Rules) -> None:
    assert rules.terms.categories == words.CATEGORIES
