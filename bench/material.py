"""The documents, mails and rosters that are measured: invented universities whose papers satisfy every rule.

The same arguments give the same bytes. Names of universities are made from the sixty-year calendar and look it.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, islice, product
from pathlib import Path

import yaml
from msgspec import Struct
from msgspec.structs import replace

from pipeline.demo import forms
from pipeline.demo.records import Papers, People, clean_papers
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.model import SHANGHAI, University
from pipeline.settings import resource

MORNING = datetime(2024, 11, 20, 9, 0, tzinfo=SHANGHAI)
MAILBOX = "nmggxzss@163.com"
# What the performance targets call a mail: 1 Annex 3 and 7 Annex 4, 400 KB as sent.
PROJECTS, GRADUATES = 5, 2
MAIL_BYTES = 400_000
BASE64_GROWTH = 78 / 57
STEMS, BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
KINDS = ("理工", "师范", "农业", "医科", "财经", "工业", "民族", "科技", "交通", "建筑", "艺术", "体育", "外国语")


class Letter(Struct, frozen=True):
    """A raw mail, when the server received it, and the names of its files."""

    raw: bytes
    received_at: datetime
    names: tuple[str, ...]


def universities(number: int) -> list[University]:
    """So many universities (3,120 at most), no name within another."""
    names = (
        f"{stem}{branch}{kind}{end}" for kind, end, stem, branch in product(KINDS, ("大学", "学院"), STEMS, BRANCHES)
    )
    return [University(name, level="本科", graduates=True) for name in islice(names, number)]


def papers(university: University, seed: int = 1) -> Papers:
    """One Annex 3 with seven projects, and the seven Annex 4 that go with it."""
    rng = random.Random(f"{university.name} {seed}")
    return clean_papers(university, People(rng), rng, PROJECTS, GRADUATES)


def letters(number: int, size: int = MAIL_BYTES) -> Iterator[Letter]:
    """One mail of each of so many universities, a minute apart, each with its eight forms."""
    for position, university in zip(count(), universities(number), strict=False):
        yield letter(university, MORNING + timedelta(minutes=position), size)


def letter(university: University, at: datetime = MORNING, size: int = MAIL_BYTES) -> Letter:
    """A mail with eight forms, brought to about this size by photographs nobody looks at."""
    sheets = papers(university)
    files = [
        (f"附件3 {university.name}项目汇总表.xlsx", forms.annex3_workbook(sheets.summary)),
        *((f"附件4 {each.project_name}.docx", forms.annex4_document(each)) for each in sheets.applications),
    ]
    room = int(size / BASE64_GROWTH / len(files))
    attached = [File(name, with_photograph(name, content, room - len(content))) for name, content in files]
    address = f"demo{int.from_bytes(university.name.encode()) % 10**9}@example.edu.cn"
    person = Person(f"{university.name}学生会", address, Client.QQ)
    text = f"老师您好：\n\n现报送{university.name}项目申报材料，请查收。"
    raw = compose_mail(person, MAILBOX, f"{university.name}项目申报材料", text, attached, at)
    return Letter(raw, at, tuple(name for name, _ in files))


def with_photograph(name: str, package: bytes, size: int) -> bytes:
    """The same package with a part that cannot be compressed, as photographs in the text are."""
    if size <= 0:
        return package
    stream = io.BytesIO(package)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        part = zipfile.ZipInfo(f"{'xl' if name.endswith('.xlsx') else 'word'}/media/photo.jpeg")
        archive.writestr(part, random.Random(size).randbytes(size))
    return stream.getvalue()


def distinct(number: int) -> list[Papers]:
    """Papers that differ in every text, for readers that remember what they have read."""
    return [papers(University("示例大学", graduates=True), seed) for seed in range(1, number + 1)]


def plain(sheets: Papers) -> Papers:
    """The same papers without seals, and so without pictures."""
    return replace(sheets, applications=tuple(replace(each, sealed=False) for each in sheets.applications))


def write_rules(path: Path, number: int) -> Path:
    """rules.yaml with so many invented universities on its roster."""
    rules = yaml.load(resource("rules.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rules["universities"] = [{"name": one.name, "level": "本科", "graduates": True} for one in universities(number)]
    path.write_text(yaml.dump(rules, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")
    return path
