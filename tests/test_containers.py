"""The same two forms in every container a university may send them in: the forms found are the same."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from base64 import encodebytes

import pytest

import packing
import parsers
from parsers.model import Annex3, Annex4, Project
from pipeline import message, unpacker
from pipeline.demo.forms import annex3_workbook, annex4_document
from pipeline.model import Attachment
from pipeline.unpack import unpack

SUMMARY, APPLICATION = "附件3_项目汇总表.xlsx", "附件4_项目申报表（朱镕）.docx"
PROJECT = Project("1", "示例项目甲", "每周为同学办一件实事。", "思想引领类", "校级学生会", (), "张三", "13800000001")


@pytest.fixture(scope="module")
def forms() -> dict[str, bytes]:
    summary = Annex3("内蒙古大学", "1", "李四", "13800000002", (PROJECT,))
    application = Annex4(
        "示例项目甲",
        "内蒙古大学",
        "校级学生会",
        "张三",
        "13800000001",
        "王五",
        ("思想引领类",),
        "2023年9月至今",
        "内容",
        "同意推荐",
    )
    return {SUMMARY: annex3_workbook(summary), APPLICATION: annex4_document(application)}


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(stream.getvalue())


def mailed(files: dict[str, bytes]) -> bytes:
    head = "From: zhang@imu.example.cn\r\nSubject: 报送\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    parts = [
        f'--b\r\nContent-Type: application/octet-stream; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
        + encodebytes(content)
        for name, content in files.items()
    ]
    return head.encode() + b"".join(parts) + b"--b--\r\n"


CONTAINERS = {
    "材料.zip": zipped,
    "材料.tar.gz": tarred,
    "材料.7z": lambda files: packing.libarchive_can("7zip", files),
    "材料4.rar": lambda files: packing.rar4({name.encode("gbk"): content for name, content in files.items()}),
    "材料5.rar": packing.rar5,
    "材料.exe": lambda files: b"MZ" + bytes(2000) + packing.rar5(files),
    "winmail.dat": lambda files: packing.tnef(*files.items()),
    "来信.msg": lambda files: packing.compound(
        packing.outlook_mail(*(packing.outlook_attachment(name, content) for name, content in files.items()))
    ),
    "转发.eml": mailed,
    "里外.zip": lambda files: zipped({"内.tgz": tarred(files)}),
    "信.7z": lambda files: packing.libarchive_can("7zip", {"信.eml": mailed(files)}),
}


@pytest.mark.skipif(unpacker.library() is None and not os.environ.get("CI"), reason="libarchive is not installed")
@pytest.mark.parametrize("name", CONTAINERS)
def test_forms_are_found_in_every_container(name: str, forms: dict[str, bytes]) -> None:
    files = unpack([Attachment(name, CONTAINERS[name](forms))])
    assert [file.path.rpartition("/")[2] for file in files] == [SUMMARY, APPLICATION]
    found = [transcript for file in files for transcript in parsers.read(file.content, file.path)]
    assert [transcript.form for transcript in found] == ["annex3", "annex4"]
    assert isinstance(found[0].record, Annex3)
    assert found[0].record.projects == (PROJECT,)


def test_a_table_pasted_into_plain_text_is_read_as_annex_3() -> None:
    labels = ('"高校\n名称"', "项目数量", "序号", "项目名称", '"项目简介\n（50字以内）"', "项目类别", "申报主体",
              "宣传报道链接", "项目负责人", "联系方式")  # fmt: skip
    values = ("内蒙古大学", "1", "1", PROJECT.project_name, PROJECT.summary, PROJECT.category, PROJECT.applicant, "")
    rows = (labels, (*values, PROJECT.leader, PROJECT.phone))
    table = "\n".join("\t".join(row) for row in rows)
    text = f"附件3如下：\n表格填写联系人：李四　电话：13800000002\n{table}\n此致\n"
    head = "From: a@x.cn\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    (form,) = message.decode(head.encode() + encodebytes(text.encode())).attachments
    (found,) = parsers.read(form.content, form.path)
    assert found.record == Annex3("内蒙古大学", "1", "李四", "13800000002", (PROJECT,))


def test_a_table_pasted_into_the_mail_is_read_as_annex_3() -> None:
    labels = (
        *("高校<br>名称", "项目数量", "序号", "项目名称", "项目简介<br>（50字以内）", "项目类别"),
        *("申报主体", "宣传报道链接", "项目负责人", "联系方式"),
    )
    values = ("内蒙古大学", "1", "1", PROJECT.project_name, PROJECT.summary, PROJECT.category, PROJECT.applicant, "")
    rows = (labels, (*values, PROJECT.leader, PROJECT.phone))
    cells = "".join("<tr>" + "".join(f"<td><p><span>{text}</span></p></td>" for text in row) + "</tr>" for row in rows)
    page = f"<p>附件3如下：</p><p>表格填写联系人：李四　电话：13800000002</p><table>{cells}</table>"
    for charset in ("utf-8", "gbk"):
        head = (
            f"From: a@x.cn\r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        )
        (form,) = message.decode(head.encode() + encodebytes(page.encode(charset))).attachments
        (found,) = parsers.read(form.content, form.path)
        assert found.record == Annex3("内蒙古大学", "1", "李四", "13800000002", (PROJECT,))
