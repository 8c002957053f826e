"""Invented values as people write them, each correct unless its name says otherwise; which layout holds them is not its concern."""

from __future__ import annotations

from random import Random
from typing import Any

CATEGORIES = (
    "思想引领类", "学业促进类", "就业创业类", "社会实践类", "心理健康类",
    "民族团结类", "助困帮扶类", "校园治理类", "文体活动类", "其他类",
)  # fmt: skip
# Each with ways to write it that mean the same university beyond doubt.
UNIVERSITIES = (
    (
        "内蒙古大学",
        ("内蒙古大学", "内大", "内蒙古大学（玉泉校区）", "共青团内蒙古大学委员会", "内蒙古大学团委", "内 蒙 古 大 学"),
    ),
    ("内蒙古科技大学包头师范学院", ("内蒙古科技大学包头师范学院", "包头师范学院", "包头师范学院团委")),
    ("内蒙古科技大学", ("内蒙古科技大学", "内科大", "内蒙古科技大学校团委", "内蒙古科技大学\n")),
    ("赤峰学院", ("赤峰学院", "赤峰学院学生会", "赤峰学院　")),
    ("内蒙古建筑职业技术学院", ("内蒙古建筑职业技术学院", "内蒙古建筑职业技术大学", "“内蒙古建筑职业技术学院”")),
    ("内蒙古鸿德文理学院", ("内蒙古鸿德文理学院", "内蒙古师范大学鸿德学院")),
    ("呼和浩特民族学院", ("呼和浩特民族学院", "呼和浩特民族学院(本部)", "呼和浩特\n民族学院")),
    ("内蒙古艺术学院", ("内蒙古艺术学院", "中共内蒙古艺术学院委员会", "内蒙古艺术学院校团委、学生会")),
    ("包头职业技术学院", ("包头职业技术学院", "包头职业技术学院团委")),
)
GRADUATES = ("内蒙古大学", "内蒙古科技大学", "内蒙古艺术学院", "赤峰学院")
PEOPLE = (
    "张三", "李 四", "王　五", "赵六", "钱镕", "孙堃", "周喆", "吴䶮", "郑𬭎", "欧阳示例", "阿古拉", "斯琴·巴特尔",
    "那日松·额尔敦", "诺敏", "张　　三", "李 小 四",
)  # fmt: skip
NAMES = (
    "“阳光书屋”共读计划",
    "《青春微课堂》",
    "宿舍热水改造",
    "12355心灵驿站",
    "一站式“学生事务”办理",
    "校园e站",
    "民族团结一家亲",
    "24小时自习室",
    "AI助学小站",
    "毕业生“最后一公里”行李托运",
    "求职加油站（第三期）",
    "石榴籽 工作坊",
    "学长学姐面对面",
    "“我为同学做实事”之提案大赛",
    "项目化运营的爱心超市",
    "V志愿",
    "√未来",
    "晨读·晚讲",
    "蒙汉双语学习角",
    "运动打卡30天",
)
SUMMARIES = (
    "每周为同学办一件实事。", "面向全校同学，开展学业辅导、答疑与经验分享，累计服务3000余人次。", "为家庭经济困难同学提供免费文印",
    "收集提案\n逐条办理\n公开结果", "依托QQ群、公众号等平台，24小时响应同学诉求。", "开设四六级、计算机二级、考研等课程20余门，帮助同学提升学业水平。",
    "字" * 49 + "。", "以“石榴籽”为主题，组织蒙古族、汉族等各族同学共同学习、共同生活、共同进步，铸牢中华民族共同体意识。",
)  # fmt: skip
PHONES = (
    "13800000001", "138 0000 0001", "138-0000-0001", "138—0000—0001", "+86 13800000001", "+8613800000001", "（+86）13800000001",
    "１３８００００００01", "13800000001/13900000002", "13800000001、0471-6000001", "0471-6000001", "0471—6000001",
    "（0471）6000001", "0471 6000001", "04716000001", "13800000001（微信同号）", "手机：13800000001", "19900000001", "16600000001",
    "17000000001", "15900000001\n13900000002", "138 00000001", "86-13800000001", "0471-6000001转8001", "400-000-0001",
    "13800000001 13900000002", "13800000001；13900000002", "0471-6000001-802", "010-60000001", "0086-13800000001", "13800000001.",
)  # fmt: skip
PERIODS = (
    "2023年9月至今", "2023年9月—至今", "2023.09—2024.11", "2023.9-至今", "2023/9/1-2024/10/31", "2022年9月1日至2024年11月1日", "一年半", "长期",
    "二〇二二年九月至今", "2021年至今", "2022-2024年", "2023年3月起", "自2022年9月起至今", "2020年9月-", "2019年开始", "2023年9月15日—2024年11月15日",
    "2022—2023学年至今", "2023年春季学期至今", "两年", "已实施两年", "3年", "2018年3月启动，持续开展至今", "2022.09.01—2024.11.20", "２０２３年９月至今", "2023年9月-2025年6月", "202309-202411", "20230901至今", "2023-09-01至2024-11-20",
    "2023年9月 至 2024年11月", "每学期开学第一周，自2021年起", "常年开展（2020年起）", "2017年以来", "23年9月至今", "2022年9月至2023年10月", "二〇二三年三月—二〇二四年十一月",
    "一年以上", "2023年6月\n至今",
)  # fmt: skip
LINKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ()), ("https://example.cn/news/1", ("https://example.cn/news/1",)),
    ("https://mp.weixin.qq.com/s/AbC-1_2", ("https://mp.weixin.qq.com/s/AbC-1_2",)),
    ("1.https://example.cn/a\n2.https://example.cn/b", ("https://example.cn/a", "https://example.cn/b")),
    ("https://example.cn/a；https://example.cn/b", ("https://example.cn/a", "https://example.cn/b")),
    ("https://example.cn/a?x=1&y=2#top https://example.cn/b", ("https://example.cn/a?x=1&y=2#top", "https://example.cn/b")),
    ("无", ("无",)), ("/", ("/",)),
)  # fmt: skip
# Pairs that mean the same applicant in Annex 3 and in Annex 4.
APPLICANTS = (
    ("校级学生会", "{u}学生会"), ("{u}学生会", "校学生会"), ("数学科学学院学生会", "数学学院学生会"), ("校级学生会", "校级学生会"),
    ("{u}外国语学院学生会", "外国语学院学生会"), ("校学生会", "学生会"), ("机电工程系学生会", "机电工程系学生会"), ("校学生会", "{u}学生会委员会"),
    ("二级学院学生会", "计算机学院学生会"), ("文学与新闻传播学院团委学生会", "文学与新闻传播学院学生会"), ("校级学生会（学习部）", "校级学生会"), ("{u}学生会权益部", "校学生会权益部"),
    ("院级学生会", "材料学院学生会"), ("{u} 学生会", "{u}学生会"), ("校团委学生会", "校学生会"), ("校级 学生会", "校级学生会"),
)  # fmt: skip
GRADUATE_APPLICANTS = (
    ("校级研究生会", "{u}研究生会"),
    ("{u}研究生会", "校研究生会"),
    ("生命科学学院研究生会", "生命科学学院研究生会"),
)
MEMBERS = (
    "李四、王五",
    "李四 王五 赵六",
    "李四\n王五\n赵六",
    "李四（2022级 数学）\n王五（2023级 物理）",
    "无",
    "李四，王五，赵六等12人",
    "吴䶮、郑𬭎、孙堃",
)
CONTENTS = (
    "每月收集同学的需求，逐项办理并公开结果。", "一、项目背景\n同学普遍反映自习座位紧张。\n二、主要做法\n1.排查；2.协调；3.公示。\n三、成效：新增座位300个。",
    "项目名称由来：取自校训。\n实施时间：每周三下午。\n联系电话：见公告。", "项目自2021年3月1日起实施，服务同学1.2万人次。\n\n获评2023年优秀项目。",
)  # fmt: skip
# What stands in the cell of the opinion, and what of it is opinion and date of signing.
OPINIONS: tuple[tuple[str, str, str], ...] = (
    ("同意推荐。\n\n（盖章）\n2024年11月20日", "同意推荐。", "2024-11-20"),
    ("该项目切实服务同学，同意推荐。\n                    （盖章）\n                  2024 年 11 月 20 日", "该项目切实服务同学，同意推荐。", "2024-11-20"),
    ("同意推荐\n\n（盖章）\n      年    月    日", "同意推荐", ""),
    ("同意", "同意", ""),
    ("情况属实，予以推荐。\n案例点评：项目立足需求，成效显著。\n（盖章）\n2024.11.18", "情况属实，予以推荐。\n案例点评：项目立足需求，成效显著。", "2024-11-18"),
    ("项目自2022年9月1日实施以来，服务同学5000人次，同意推荐。\n（公章）\n二〇二四年十一月十八日", "项目自2022年9月1日实施以来，服务同学5000人次，同意推荐。", "2024-11-18"),
    ("同意推荐。  （盖章）  2024年11月20日", "同意推荐。", "2024-11-20"),
    ("同意推荐。\n（ 盖 章 ）\n日期：2024-11-19", "同意推荐。", "2024-11-19"),
    ("经校团委研究，同意推荐该项目参评。\n（盖章）\n２０２４年１１月２０日", "经校团委研究，同意推荐该项目参评。", "2024-11-20"),
    ("同意推荐。\n\n\n\n\n（盖章）\n2024/11/5", "同意推荐。", "2024-11-05"),
)  # fmt: skip


def category_written(rng: Random, name: str) -> str:
    return rng.choice((name, name, name, name.removesuffix("类"), f"“{name}”", f"{name[:2]} {name[2:]}", f"{name}\n"))


def name_written(rng: Random, name: str) -> str:
    bare = name.strip("《》")
    return rng.choice((name, name, bare, f"《{bare}》" if "《" not in bare else bare, name.replace(" ", "")))


def project(rng: Random, number: int, name: str, category: str, university: str, graduate: bool) -> dict[str, Any]:
    """A project with the values of both its forms; fields of Annex 4 that differ in writing begin with `form_`."""
    first, second = rng.choice(GRADUATE_APPLICANTS if graduate else APPLICANTS)
    opinion = rng.choice(OPINIONS)
    phone, leader = rng.choice(PHONES), rng.choice(PEOPLE)
    text, links = rng.choice(LINKS)
    return {
        "number": str(number), "project_name": name, "summary": rng.choice(SUMMARIES),
        "category": category_written(rng, category), "applicant": first.format(u=university), "links_text": text, "links": links,
        "leader": leader, "phone": phone,
        "form_name": name_written(rng, name), "form_applicant": second.format(u=university),
        "form_leader": leader.replace(" ", "").replace("\u3000", ""), "form_phone": phone,
        "form_university": university, "choice": category, "period": rng.choice(PERIODS), "members": rng.choice(MEMBERS),
        "content": rng.choice(CONTENTS), "opinion": opinion[0], "recommendation": opinion[1], "signed_on": opinion[2],
        "sealed": rng.random() < 0.7,
    }  # fmt: skip


def submission(rng: Random, count: int | None = None) -> dict[str, Any]:
    """A university's submission in which nothing is wrong: contact, projects of different categories, their forms."""
    official, ways = rng.choice(UNIVERSITIES)
    graduates = official in GRADUATES and rng.random() < 0.4
    count = count or rng.randint(1, 7 if graduates else 5)
    names, categories = rng.sample(NAMES, count), rng.sample(CATEGORIES, count)
    graduate_from = min(count, 5) if count > 5 else count - (1 if graduates else 0)
    return {
        "official": official, "university": rng.choice(ways), "count": str(count),
        "contact_name": rng.choice(PEOPLE), "contact_phone": rng.choice(PHONES[:12]),
        "projects": [
            project(rng, index + 1, names[index], categories[index], official, index >= graduate_from) for index in range(count)
        ],
    }  # fmt: skip
