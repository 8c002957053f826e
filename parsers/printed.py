"""What the notice's blank forms print: their titles, and what stands beside or above each field.

Labels that people write instead stand with the form they are found in; nothing is read here.
"""

from __future__ import annotations

TITLES = {"annex3": "附件3 项目汇总表", "annex4": "附件4 项目申报表"}
# The columns of Annex 3, and the line above them.
COLUMNS = {
    "university": "高校名称",
    "project_count": "项目数量",
    "number": "序号",
    "project_name": "项目名称",
    "summary": "项目简介",
    "category": "项目类别",
    "applicant": "申报主体",
    "links": "宣传报道链接",
    "leader": "项目负责人",
    "phone": "联系方式",
}
CONTACT = {"contact_name": "表格填写联系人", "contact_phone": "电话"}
APPLICATION = {
    "project_name": "项目名称",
    "university": "所在学校",
    "applicant": "申报主体",
    "leader": "负责人",
    "phone": "联系电话",
    "members": "项目成员",
    "categories": "项目类别",
    "period": "实施时间",
    "content": "项目内容",
    "recommendation": "学校团委推荐意见及案例点评",
}
# What Annex 4 calls a field of Annex 3 that it has under another name.
IN_APPLICATION = {"category": "categories"}
SEAL = "盖章"
