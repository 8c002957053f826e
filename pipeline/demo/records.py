"""Invented universities' submissions in which nothing is wrong: the starting point of every sample mail.

People, numbers and addresses are made up and look it; only the universities' names are real.
"""

from __future__ import annotations

import random

from msgspec import Struct
from msgspec.structs import replace

from parsers.model import Annex3, Annex4, Project
from pipeline.model import University

SURNAMES = "张李王赵陈刘杨黄周吴徐孙胡朱高林何郭马罗"
# One rare character each now and then: names like these are what a wrong character set destroys first.
GIVEN = ("示例", "示范", "样本", "例镕", "例堃", "例喆", "示䶮")
COLLEGES = ("文学院", "计算机学院", "经济管理学院", "护理学院", "机电工程学院", "艺术学院")
POOL: dict[str, tuple[tuple[str, str], ...]] = {
    "思想引领类": (
        ("青春领航微课堂", "每周一场由同学主讲的微课堂，两年来覆盖全部班级。"),
        ("红色校史讲解队", "培训学生讲解员，为新生和来访同学讲述校史故事。"),
    ),
    "学业促进类": (
        ("朋辈课业帮帮团", "组织高年级同学结对答疑，帮助同学补上薄弱课程。"),
        ("期末加油站", "期末延长自习时间、汇编复习资料，陪同学安心备考。"),
    ),
    "就业创业类": (
        ("简历门诊", "邀请学长和企业导师逐份修改简历并开展模拟面试。"),
        ("草原直播创业营", "带领同学学习电商直播，帮助农牧民销售特产。"),
    ),
    "社会实践类": (
        ("北疆乡村支教队", "利用假期到旗县小学开展支教和课外阅读陪伴。"),
        ("社区课后托管站", "志愿者每天放学后在社区辅导孩子完成作业。"),
    ),
    "心理健康类": (
        ("心灵树洞", "开设线上树洞和朋辈倾听岗，及时回应同学的烦恼。"),
        ("解压运动角", "在宿舍区设立解压运动角，每周组织一次团体活动。"),
    ),
    "民族团结类": (
        ("石榴籽结对计划", "各民族同学结对学习语言、共度节日，增进交往交流。"),
        ("同心美食节", "各民族同学一起做家乡美食，讲家乡故事。"),
    ),
    "助困帮扶类": (
        ("暖冬衣橱", "募集并清洗旧衣，凭券领取，保护受助同学隐私。"),
        ("爱心返乡专列", "为家庭困难的同学统一订票并补助返乡路费。"),
    ),
    "校园治理类": (
        ("权益直通车", "每月收集同学意见并当面提交部门，限时公布答复。"),
        ("宿舍报修随手拍", "同学拍照即可报修，学生会全程跟踪直至修好。"),
    ),
    "文体活动类": (
        ("草原夜跑团", "每周三次组织夜跑，配备安全员和补给点。"),
        ("一院一品艺术节", "各学院轮流办展演，让每位同学都有登台机会。"),
    ),
    "其他类": (
        ("共享雨伞驿站", "在教学楼设置共享雨伞，扫码登记，归还率九成以上。"),
        ("失物招领云平台", "线上登记失物，当天匹配并通知失主领取。"),
    ),
}


class Papers(Struct, frozen=True):
    """What a university has to send: its Annex 3 and one Annex 4 for each project, in the same order."""

    summary: Annex3
    applications: tuple[Annex4, ...]

    def with_project(self, index: int, **changes: object) -> Papers:
        """The same papers with one row of Annex 3 changed, Annex 4 left as it was."""
        projects = list(self.summary.projects)
        projects[index] = replace(projects[index], **changes)
        return replace(self, summary=replace(self.summary, projects=tuple(projects)))

    def with_application(self, index: int, **changes: object) -> Papers:
        """The same papers with one Annex 4 changed, Annex 3 left as it was."""
        applications = list(self.applications)
        applications[index] = replace(applications[index], **changes)
        return replace(self, applications=tuple(applications))


class People:
    """Invented names and numbers; no number is given out twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0

    def name(self) -> str:
        return self._rng.choice(SURNAMES) + self._rng.choice(GIVEN)

    def phone(self) -> str:
        self._count += 1
        return f"1380000{self._count:04}"


def clean_papers(university: University, people: People, rng: random.Random, count: int, graduates: int = 0) -> Papers:
    """Papers that satisfy every rule; `graduates` projects of the graduate union come on top of `count`."""
    categories = rng.sample(list(POOL), min(count + graduates, len(POOL)))
    projects, applications = [], []
    for number in range(count + graduates):
        name, summary = rng.choice(POOL[categories[number % len(POOL)]])
        if number >= len(POOL):
            name = f"{name}（二期）"
        union = "研究生会" if number >= count else "学生会"
        applicant = f"校级{union}" if number % 2 == 0 else f"{rng.choice(COLLEGES)}{union}"
        project = Project(
            number=str(number + 1),
            project_name=name,
            summary=summary,
            category=categories[number % len(POOL)],
            applicant=applicant,
            links=(f"https://www.example.edu.cn/news/{rng.randrange(1000, 9999)}.html",),
            leader=people.name(),
            phone=people.phone(),
        )
        projects.append(project)
        applications.append(_application(university, project, people, rng))
    table = Annex3(university.name, str(len(projects)), people.name(), people.phone(), tuple(projects))
    return Papers(table, tuple(applications))


def _application(university: University, project: Project, people: People, rng: random.Random) -> Annex4:
    year, month = rng.choice((2021, 2022)), rng.choice((3, 5, 9, 10))
    return Annex4(
        project_name=project.project_name,
        university=university.name,
        applicant=project.applicant,
        leader=project.leader,
        phone=project.phone,
        members="、".join(people.name() for _ in range(rng.randrange(3, 6))),
        categories=(project.category,),
        period=f"{year}年{month}月至今",
        content=(
            f"一、项目背景\n为回应同学需求，{project.applicant}自{year}年{month}月起实施“{project.project_name}”项目。\n"
            f"二、主要做法\n{project.summary}项目设专人负责，每学期制定计划、期末公开成效，接受同学评议。\n"
            f"三、项目成效\n累计开展活动{rng.randrange(20, 90)}次，服务同学{rng.randrange(8, 60) * 100}余人次，"
            "同学满意度保持在较高水平。"
        ),
        recommendation="该项目立足同学实际需求，机制健全、成效明显，具有较好的示范作用，同意推荐。",
        signed_on=f"2024-11-{rng.randrange(11, 18)}",
        sealed=True,
    )
