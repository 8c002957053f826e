"""The dashboard shows the ledger's view, loads and runs nothing but its own text, and is the same for the same view."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import stat
import subprocess
from collections import Counter
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from ledger_values import GUARD, MORNING, applied, mail, submission, view
from pipeline.dashboard import MAILS_SHOWN, page_of, render, write
from pipeline.dashboard_charts import MOST_COLUMNS, day_chart, stack
from pipeline.ledger_table import Tone
from pipeline.ledger_view import LedgerView, MailLine
from pipeline.mail_log import reply_of
from pipeline.model import SHANGHAI, Address, Automatic, Entry, Finding, Mail, Severity, State, Submission
from pipeline.reply_states import REMEDIES, ReplyKind, ReplyState
from pipeline.rows import Queued

NAME = "看板.html"

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\"' style='x'"


def line(
    one: Mail, result: str = "报送：汇总表 1 份", reply: str = "已回复收到 11-20 09:45", tone: Tone = Tone.GOOD
) -> MailLine:
    return MailLine(one, result, reply, tone)


class Seen(HTMLParser):
    """What a browser would find: elements with their attributes, text outside of scripts, scripts and styles by themselves."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.own: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag if tag in self.own else ""

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.own[self._inside].append(data)
        else:
            self.text += data

    def all(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def full_view() -> LedgerView:
    findings = (
        Finding(
            "annex3.phone.format",
            Severity.ERROR,
            "附件3.xlsx",
            "工作表“附件3” J7",
            "phone",
            "青春护航",
            "号码不对",
            "附件3",
        ),
        Finding("annex4.seal.missing", Severity.WARNING, message="没有看到盖章", clause="附件4"),
    )
    return view(
        submission(),
        submission(university="乙学院", state=State.TO_CORRECT, findings=findings),
        mails=[line(mail(1)), line(mail(2, "乙学院", MORNING + timedelta(days=1)), reply="已回复请补正 11-21 09:45")],
        archive={(f"{1:064x}", 1): "archive/甲大学/青春 护航 100%/附件4_青春护航.docx"},
    )


def test_the_page_loads_nothing_and_its_policy_names_its_own_script_and_style_only() -> None:
    page = render(full_view())
    seen = Seen(page)
    assert not seen.all("src") + seen.all("style") + seen.all("srcset") + seen.all("action")
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert not [tag for tag, _ in seen.elements if tag in ("link", "img", "iframe", "object", "embed", "base", "form")]
    assert "url(" not in page
    assert "@import" not in page
    assert not re.search(r"https?:|//[a-z]", re.sub(r"^\s*//.*$", "", page, flags=re.MULTILINE))
    policy = next(attributes["content"] for _, attributes in seen.elements if "http-equiv" in attributes)
    named = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert named["default-src"] == "'none'"
    for kind in ("script", "style"):
        (source,) = seen.own[kind]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert named[f"{kind}-src"] == f"'sha256-{digest}'"


def test_what_a_mail_says_is_text_wherever_it_stands() -> None:
    finding = Finding("annex4.required", Severity.ERROR, HOSTILE, HOSTILE, "", HOSTILE, HOSTILE, HOSTILE)
    odd = replace(GUARD, project_name=HOSTILE, leader=HOSTILE, category=HOSTILE)
    hostile = replace(mail(subject=HOSTILE), sender=Address(HOSTILE, "a@example.org"), universities=(HOSTILE,))
    shown = view(
        submission(odd, university=HOSTILE, state=State.FOR_STAFF, findings=[finding]),
        mails=[line(hostile, result=f"已搁置：{HOSTILE}", reply=HOSTILE)],
    )
    plain, seen = Seen(render(view(submission()))), Seen(render(shown))
    assert [tag for tag, _ in seen.elements if tag == "script"] == ["script"]
    assert seen.own["script"] == plain.own["script"]
    assert not seen.all("onerror") + seen.all("style")
    assert seen.text.count("</script><script>alert(1)</script>") >= 8
    assert "{{ 7 * 7 }}" in seen.text


def test_letters_that_hide_or_turn_others_round_do_not_reach_the_page(tmp_path: Path) -> None:
    shown = view(mails=[line(mail(subject="请看\u202excod.exe\u200b\ud800\n第二行"))])
    write(tmp_path / NAME, render(shown))
    assert "请看xcod.exe 第二行" in (tmp_path / NAME).read_text(encoding="utf-8")


def test_the_same_view_gives_the_same_page_and_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / NAME
    assert write(path, render(full_view()))
    before = path.stat()
    assert not write(path, render(full_view()))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert write(path, render(view()))
    assert [one.name for one in path.parent.iterdir()] == [NAME]


def test_every_university_of_the_roster_stands_under_its_state() -> None:
    page = render(full_view())
    seen = Seen(page)
    assert "2 / 3 所高校已报送" in seen.text
    groups = re.findall(r'data-group="(\w+)".*?(?=data-group=|<section id="problems")', page, re.DOTALL)
    assert groups == ["open", "good", "idle"]
    assert page.index("乙学院") < page.index("甲大学") < page.index("丙职业学院")
    # Two universities that sent, one that did not, two rules and one university to correct, two mails.
    assert Counter("data-find" in attributes for _, attributes in seen.elements)[True] == 3 + 2 + 1 + 2


def test_the_states_of_each_level_are_those_of_its_universities() -> None:
    shown = view(submission(), submission(university="乙学院", state=State.TO_CORRECT))
    counted = Counter((one.level, one.state.value) for one in shown.standings)
    drawn = {
        (level, part.name): part.count for level, _, parts in page_of(shown).levels for part in parts if part.count
    }
    assert drawn == counted
    assert len(counted) == 3


def test_universities_that_are_not_on_the_roster_are_counted_beside_it() -> None:
    seen = Seen(render(view(submission(), submission(university="丁学院", state=State.FOR_STAFF))))
    assert "1 / 3 所高校已报送，另有名册外 1 所" in seen.text
    assert "名册外" not in Seen(render(view(submission()))).text


def test_a_form_that_no_annex_3_lists_is_no_project_of_its_university() -> None:
    entry = Entry("新项目", application=applied(1, project_name="新项目"))
    seen = Seen(render(view(Submission("甲大学", State.TO_CORRECT, (entry,)))))
    assert "项目 0 · 附件4 1" in seen.text
    assert "新项目" in seen.text


def test_a_link_to_a_university_finds_it_on_the_page() -> None:
    seen = Seen(render(full_view()))
    places, links = seen.all("id"), seen.all("href")
    assert len(places) == len(set(places))
    inner = [link[1:] for link in links if link.startswith("#")]
    assert {"u2", "mails"} <= set(inner) <= set(places)


def test_a_project_opens_its_archived_form_from_the_ledgers_folder() -> None:
    links = [link for link in Seen(render(full_view())).all("href") if link.startswith("../")]
    assert [unquote(link) for link in links] == ["../archive/甲大学/青春 护航 100%/附件4_青春护航.docx"] * 2
    assert " " not in links[0]
    assert "%25" in links[0]


def test_the_deadline_is_told_as_the_notice_does_and_counted_from_by_the_page_itself() -> None:
    seen = Seen(render(view(deadline=datetime(2024, 11, 27, tzinfo=SHANGHAI))))
    assert "11月26日（星期二）24:00" in seen.text
    assert seen.all("data-deadline") == ["2024-11-27T00:00:00+08:00"]


def test_a_page_without_any_mail_says_so() -> None:
    text = Seen(render(view())).text
    for words in ("还没有来信", "还没有收到报送邮件", "没有未解决的问题"):
        assert words in text


def test_the_newest_mails_are_shown_and_the_rest_is_counted() -> None:
    count = MAILS_SHOWN + 5
    lines = [line(mail(n, at=MORNING + timedelta(minutes=n), subject=f"第{n}封。")) for n in range(count)]
    text = Seen(render(view(mails=lines))).text
    assert f"最近 {MAILS_SHOWN} 封，共 {count} 封" in text
    assert "第204封。" in text
    assert "第5封。" in text
    assert "第4封。" not in text


def test_mails_that_wait_for_a_person_stand_at_the_top() -> None:
    waiting = line(mail(3, subject="打不开的信"), "已搁置，请操作人员查看：ValueError", "未回复", Tone.URGENT)
    page = render(view(mails=[line(mail(1)), waiting]))
    assert page.index("等待人工处理的来信") < page.index("打不开的信") < page.index('id="universities"')
    assert "等待人工处理的来信" not in render(view(mails=[line(mail(1))]))


def queued(state: ReplyState, kind: ReplyKind) -> Queued:
    return Queued("<1@annex>", "a@example.org", "主题", kind, ("甲大学",), MORNING, state, 1, MORNING, "")


@pytest.mark.parametrize("kind", ReplyKind)
@pytest.mark.parametrize("state", ReplyState)
def test_a_mail_waits_for_a_person_where_its_reply_has_a_remedy(state: ReplyState, kind: ReplyKind) -> None:
    reply = queued(state, kind)
    words, tone = reply_of(mail(1), reply.message_id, {reply.message_id: reply})
    assert (tone is Tone.URGENT) == (state in REMEDIES) == ("人工" in words)
    assert (tone is Tone.GOOD) == ("已回复收到" in words)
    assert (tone is Tone.OPEN) == ("请补正" in words)


def test_a_submission_that_no_mail_can_answer_waits_for_a_person() -> None:
    bulk, system = replace(mail(1), automatic=Automatic.LIST), replace(mail(1), reply_to=Address())
    assert [reply_of(one, "", {})[1] for one in (bulk, system)] == [Tone.URGENT] * 2
    assert reply_of(mail(1), "", {}) == ("不需回复", Tone.IDLE)
    assert reply_of(mail(1), None, {}) == ("待汇总后回复", Tone.IDLE)


def test_the_chart_of_days_stays_inside_its_frame_however_long_the_span() -> None:
    first = date(2024, 9, 1)
    for days in (1, 5, 14, 45, 90, 400):
        counts = {first + timedelta(days=number): number % 4 for number in range(days)} | {first: 3}
        chart = day_chart(counts, {first: 2}, date(2024, 11, 26), 50)
        assert chart is not None
        assert len(chart.columns) <= MOST_COLUMNS
        assert all(float(c.left) >= 0 and float(c.left) + float(c.width) <= 100.1 for c in chart.columns)
        assert all(float(c.top) >= 0 and float(c.height) >= 0 for c in chart.columns)
        assert sum(c.tick for c in chart.columns) <= 6
        assert all(0 <= float(y) <= 100 for y in re.findall(r",([\d.]+)", chart.line))


def test_the_deadline_stands_at_the_end_of_its_day() -> None:
    deadline = date(2024, 11, 26)
    chart = day_chart({deadline: 1, date(2024, 11, 27): 1}, {}, deadline, 3)
    assert chart is not None
    assert chart.deadline == chart.columns[-1].left
    assert (chart.columns[-2].day, chart.columns[-2].count) == ("11月26日", 1)


def test_the_parts_of_a_bar_make_up_the_whole_and_nothing_divides_by_nought() -> None:
    parts = stack([("甲", "good", 1), ("乙", "open", 2), ("丙", "idle", 0)])
    assert [(part.start, part.width) for part in parts] == [("0", "33.33"), ("33.33", "66.67"), ("100", "0")]
    assert [part.width for part in stack([("甲", "good", 0)])] == ["0"]
    assert day_chart({}, {}, date(2024, 11, 26), 0) is None


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_runs_the_page_without_a_complaint(tmp_path: Path) -> None:
    write(tmp_path / NAME, render(full_view()))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += ["--enable-logging=stderr", "--virtual-time-budget=500", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", (tmp_path / NAME).as_uri()], capture_output=True, timeout=90, check=True
    )
    assert b"CONSOLE" not in done.stderr
    assert "已截止 " in Seen(done.stdout.decode()).text
