"""Turns a rule case (tests/fixtures/RULE/breaks.yaml or keeps.yaml) into real files, and runs `check` over them.

A case says only how it departs from a submission in which nothing is wrong. It judges nothing; test_rule_cases.py does.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Project
from pipeline.demo import forms
from pipeline.demo.senders import Client, File, Person, compose_mail
from pipeline.model import SHANGHAI
from pipeline.offline import as_json, check
from pipeline.rules import Rules

UNIVERSITY = "内蒙古大学"
CATEGORIES = (
    "思想引领类",
    "学业促进类",
    "就业创业类",
    "社会实践类",
    "心理健康类",
    "民族团结类",
    "助困帮扶类",
    "校园治理类",
)
RECEIVED = datetime(2024, 11, 20, 9, 30, tzinfo=SHANGHAI)


def project(number: int, graduate: bool = False) -> Project:
    """A project row in which nothing is wrong."""
    return Project(
        number=str(number),
        project_name=f"示例项目{'甲乙丙丁戊己庚辛壬'[number - 1]}",
        summary="每周为同学办一件实事。",
        category=CATEGORIES[(number - 1) % len(CATEGORIES)],
        applicant="校级研究生会" if graduate else "校级学生会",
        links=("https://example.cn/news/1",),
        leader="张示例",
        phone="13800000001",
    )


def application(row: Project, university: str) -> Annex4:
    """The Annex 4 that goes with a project row."""
    return Annex4(
        project_name=row.project_name,
        university=university,
        applicant=row.applicant,
        leader=row.leader,
        phone=row.phone,
        members="李示例、王示例",
        categories=(row.category,),
        period="2023年9月至今",
        content="每月收集同学的需求，逐项办理并公开结果。",
        recommendation="该项目切实服务同学，同意推荐。",
        signed_on="2024-11-18",
        sealed=True,
    )


def build(case: dict[str, Any]) -> dict[str, bytes]:
    """The files of a case, by name."""
    graduates, total = case.get("graduates", 0), case.get("projects", 2)
    rows = tuple(project(number, number > total - graduates) for number in range(1, total + 1))
    table = Annex3(UNIVERSITY, str(total), "赵示例", "0471-6000000", rows)
    changes: dict[str, Any] = case.get("set", {})
    table = _changed(table, "annex3", changes)
    applications = [application(row, case.get("university", UNIVERSITY)) for row in rows]
    applications = [_changed(one, f"annex4.{number}", changes) for number, one in enumerate(applications)]
    dropped = case.get("drop", [])
    files: dict[str, bytes] = {}
    if "annex3" not in dropped:
        files["附件3.xlsx"] = forms.annex3_workbook(table)
    mark = forms.Mark[case.get("mark", "TICK")]
    for number, one in enumerate(applications):
        if f"annex4.{number}" not in dropped:
            files[f"附件4-{number + 1}.docx"] = forms.annex4_document(one, mark)
    files |= {name: ODD_FILES[kind]() for name, kind in case.get("files", {}).items()}
    if "beside" in case:
        files |= {f"另一份{name}": content for name, content in build(case["beside"]).items()}
    if "mail" not in case:
        return files
    letters = {"来信.eml": _mail(case["mail"], files)}
    if "then" in case:
        letters["再次来信.eml"] = build(case["then"])["来信.eml"]
    return letters


def _changed(record: Any, prefix: str, changes: dict[str, Any]) -> Any:
    """The record with every change whose path begins with the prefix ("annex3.projects.0.phone")."""
    for path, value in changes.items():
        if not path.startswith(f"{prefix}."):
            continue
        name, _, rest = path.removeprefix(f"{prefix}.").partition(".")
        if rest:
            index, _, field = rest.partition(".")
            items = list(getattr(record, name))
            items[int(index)] = replace(items[int(index)], **{field: _frozen(value)})
            value = items
        record = replace(record, **{name: _frozen(value)})
    return record


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _mail(letter: dict[str, Any], files: dict[str, bytes]) -> bytes:
    received = datetime.fromisoformat(letter["received"]) if "received" in letter else RECEIVED
    attached = [File(name, content) for name, content in files.items()] if letter.get("attach", True) else []
    person = Person("张示例", letter.get("sender", "shili@example.cn"), Client.FOXMAIL)
    return compose_mail(
        person,
        "nmggxzss@163.com",
        letter.get("subject", "内蒙古大学“我为同学做实事”项目报送"),
        letter.get("text", "您好，现报送我校材料，请查收附件。"),
        attached,
        received if received.tzinfo else received.replace(tzinfo=SHANGHAI),
        html=letter.get("html", ""),
    )


def _encrypted() -> bytes:
    import msoffcrypto

    out = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(forms.blank("附件4.docx"))).encrypt("secret", out)
    return out.getvalue()


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}.docx", bytes(60 * 1024 * 1024))
    return out.getvalue()


def _photo() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 140, 60)).save(out, "PNG")
    return out.getvalue()


# An ellipse of Word, as people lay it around the category they choose.
ELLIPSE = (
    '<w:r><w:drawing><wp:anchor xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
    '<wps:wsp xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
    '<wps:spPr><a:prstGeom prst="ellipse"/></wps:spPr></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></w:r>'
)


def _circled() -> bytes:
    """The first Annex 4 of every case with an ellipse laid over the list of categories."""
    form = forms.annex4_document(replace(application(project(1), UNIVERSITY), categories=()))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(form)) as blank, zipfile.ZipFile(out, "w") as drawn:
        for part in blank.namelist():
            content = blank.read(part).decode("latin-1")
            if part == "word/document.xml":
                before, option, after = content.partition("思想引领类".encode().decode("latin-1"))
                run, ended, rest = after.partition("</w:r>")
                content = before + option + run + ended + ELLIPSE + rest
            drawn.writestr(part, content.encode("latin-1"))
    return out.getvalue()


ODD_FILES = {
    "circled": _circled,
    "encrypted": _encrypted,
    "damaged": lambda: forms.blank("附件4.docx")[:900],
    "unknown": lambda: bytes(range(256)) * 20,
    "bomb": _bomb,
    "photo": _photo,
}


def run(path: Path, folder: Path, rules: Rules) -> dict[str, Any]:
    """What `check --json` prints for a case; its files are left in the folder."""
    for name, content in build(yaml.safe_load(path.read_text(encoding="utf-8"))).items():
        (folder / name).write_bytes(content)
    checked = check([folder], rules, None if (folder / "来信.eml").exists() else RECEIVED)
    result: dict[str, Any] = json.loads(json.dumps(as_json(checked)))
    return result


def rules_found(result: dict[str, Any]) -> set[str]:
    """The ids of all rules that fired."""
    groups = [*result["documents"], *result["submissions"]]
    return {finding["rule"] for group in groups for finding in group["findings"]}
