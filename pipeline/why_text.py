"""The story of one mail as lines for a terminal: what why.py found, in the order a person asks.

Plain text without colours; nothing is looked up here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.printed import TITLES
from pipeline.model import Severity
from pipeline.wording import one_line

Json = dict[str, Any]
FORMS: dict[Any, str] = {**TITLES, None: "不是附件3、附件4"}


def lines(story: Json) -> list[str]:
    """The whole story, one screen for an ordinary mail."""
    return [
        *_head(story),
        *_parts(story),
        *_lost(story),
        *_findings("来信本身的问题", story["findings"]),
        *_universities(story),
        *_reply(story["reply"]),
        *_set_aside(story),
        f"原件    {story['original']}{'' if story['original_kept'] else '（已不在）'}",
    ]


def size_text(size: int) -> str:
    """A size as people read it."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def _head(story: Json) -> Iterator[str]:
    head, taken = story["head"], story["taken_for"]
    yield f"邮件    {story['id']}"
    yield f"主题    {one_line(head['subject']) or '（没有主题）'}"
    yield f"发件人  {one_line(head['sender'])}"
    if head["reply_to"] not in ("", head["sender"]):
        yield f"回复到  {one_line(head['reply_to'])}"
    yield f"收到    {head['received']}（服务器时间）"
    for one in story["sightings"]:
        yield f"位置    {one_line(one['folder'])}，UID {one['uid']}（UIDVALIDITY {one['uidvalidity']}），{one['received']}"
    yield f"认定    {one_line(taken['result'])}" + (f"——{one_line(taken['because'])}" if taken["because"] else "")


def _parts(story: Json) -> Iterator[str]:
    parts = story["parts"]
    yield f"文件    {len(parts)} 个" if parts else "文件    没有"
    containers = {part["path"] for part in parts}
    for part in parts:
        depth, name = _nested(part["path"], containers)
        indent = "  " * (depth + 1)
        stopped = f"  {one_line(part['detail'] or part['problem'])}" if part["problem"] else ""
        note = f"  {part['note']}" if part["note"] else ""
        yield f"{indent}{one_line(name)}  {size_text(part['size'])}{stopped}{note}"
        for number in part["documents"]:
            yield from _document(story["documents"][number], f"{indent}  ")


def _nested(path: str, containers: set[str]) -> tuple[int, str]:
    """How deep a file lies in the attachments shown, and its path below the one around it."""
    depth, around = 0, ""
    for position, letter in enumerate(path):
        if letter == "/" and path[:position] in containers:
            depth, around = depth + 1, path[: position + 1]
    return depth, path.removeprefix(around)


def _document(document: Json, indent: str) -> Iterator[str]:
    says = f"，{one_line(document['says'], 120)}" if document["says"] else ""
    form = f"（{document['format']}）" if document["format"] else ""
    yield f"{indent}→ {FORMS.get(document['form'], document['form'])}{form}{says}"
    standing = f"，{document['standing']}" if document["standing"] else ""
    yield f"{indent}  {one_line(document['university'])}{standing}（{one_line(document['because'])}）"
    for text in (*document["problems"], *document["notes"]):
        yield f"{indent}  注：{one_line(text)}"
    if document["archived"]:
        yield f"{indent}  存档 {document['archived']}"
    for finding in document["findings"]:
        yield f"{indent}  {finding_text(finding)}"


def _lost(story: Json) -> Iterator[str]:
    """Documents whose file is not in the mail as it opens today."""
    seen = {number for part in story["parts"] for number in part["documents"]}
    for number, document in enumerate(story["documents"]):
        if number not in seen:
            yield f"  {one_line(document['path'])}"
            yield from _document(document, "    ")


def finding_text(finding: Json) -> str:
    """A finding on one line: level, place, message, rule and clause."""
    where = " ".join(
        part for part in (f"《{finding['project']}》" if finding["project"] else "", finding["place"]) if part
    )
    label = Severity(finding["severity"]).label
    clause = f"，依据：{finding['clause']}" if finding["clause"] else ""
    return one_line(f"[{label}] {where}{' ' if where else ''}{finding['message']}（{finding['rule']}{clause}）")


def _findings(title: str, findings: list[Json]) -> Iterator[str]:
    if findings:
        yield title
        for finding in findings:
            yield f"  {finding_text(finding)}"


def _universities(story: Json) -> Iterator[str]:
    for one in story["universities"]:
        yield f"高校    {one_line(one['university'])}，现在{one['state']}（依据：{one_line(one['because'])}）"
        yield from _findings("  几份材料合起来看的问题", one["findings"])


def _reply(reply: Json) -> Iterator[str]:
    yield f"回复    {one_line(reply['result'])}"
    if "recipient" in reply:
        tried = f"，{reply['tried']} 第 {reply['attempts']} 次发送" if reply["attempts"] else ""
        yield f"        {one_line(reply['subject'])} → {one_line(reply['recipient'])}（{reply['made']} 写好{tried}）"
        yield f"        {one_line(reply['message_id'])}" + (
            f"  服务器：{one_line(reply['said'])}" if reply["said"] else ""
        )


def _set_aside(story: Json) -> Iterator[str]:
    aside = story["set_aside"]
    if aside is not None:
        yield f"搁置    {aside['since']}，已试 {aside['attempts']} 次：{one_line(aside['reason'])}"
        yield f"        详情：annex-inbox set-aside show {story['id'][:12]}；重试：annex-inbox set-aside retry {story['id'][:12]}"
