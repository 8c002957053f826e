"""Whether the names that rules.yaml lists can be names: categories, words, universities, domains, addresses, rules.

It is asked once for each edition of the file (rules_copy.py), so that a roster of thousands does not slow every command.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from msgspec.structs import asdict

from parsers.choice import OPTIONS
from pipeline.model import University
from pipeline.recipients import may_be_written_to
from pipeline.roster import key_of
from pipeline.rules import Rules
from pipeline.shape import Misshapen, Position

# How much of a rule's name has to be right for it to be known again.
NEARLY_THE_SAME = 0.85
# What parts one name from the next, and so is in none.
PARTING = re.compile("[,;，、；]")
CHOICE = f"只能从这些里选：{'、'.join(OPTIONS)}。要增加类别，请连同空白表格和程序一起更新"


def refuse_odd_names(rules: Rules) -> None:
    """Raises Misshapen for an empty name, several taken for one, a category or university twice, a category that the form
    does not offer, and what is no address."""
    categories = rules.terms.categories
    _names(("categories",), categories)
    for index, category in enumerate(categories):
        if category in categories[:index]:
            raise Misshapen(("categories", index), f"“{category}”写了两次")
        if category not in OPTIONS:
            # Nobody's mark beside it would be seen, and a right form would be called wrong.
            raise Misshapen(("categories", index), f"申报表（附件4）上没有印“{category}”，选了它也认不出来；{CHOICE}")
    _names(("mail_providers",), rules.mail_providers)
    for key, words in asdict(rules.words).items():
        _names(("submission_words", key), words)
    _roster(rules.terms.roster.universities)
    _address(("notice", "mailbox"), rules.notice.mailbox)


def refuse_odd_ids(given: Collection[str], shipped: Collection[str]) -> None:
    """Raises Misshapen for a rule that is none of those that came with the program, where one of a like name is missing."""
    from difflib import get_close_matches

    missing = [id for id in shipped if id not in given]
    for id in given if missing else ():
        for meant in get_close_matches(id, missing, 1, NEARLY_THE_SAME) if id not in shipped else ():
            raise Misshapen(
                ("rules", id),
                f"这里没有 {meant}，想写的可能就是它；若确是另一条规则，请保留 {meant}，不用时写上 enabled: false",
            )


def _roster(universities: tuple[University, ...]) -> None:
    owners: dict[str, int] = {}
    for index, university in enumerate(universities):
        at = ("universities", index)
        _name((*at, "name"), university.name)
        _names((*at, "other_names"), university.other_names)
        _names((*at, "domains"), university.domains)
        for number, contact in enumerate(university.contacts):
            _address((*at, "contacts", number), contact)
        for name in (university.name, *university.other_names):
            owner = owners.setdefault(key_of(name), index)
            if owner != index:
                first = f"名单中第 {owner + 1} 所“{universities[owner].name}”"
                raise Misshapen(at, f"名称“{name}”已属于{first}，一个名称只能指一所高校")


def _names(at: Position, names: Iterable[str]) -> None:
    for index, name in enumerate(names):
        _name((*at, index), name)


def _name(at: Position, name: str) -> None:
    """Refuse what is no name at all, or several taken for one because a Chinese comma stands between them."""
    if not name.strip():
        raise Misshapen(at, "名称是空的")
    found = PARTING.search(name)
    if found:
        raise Misshapen(at, f"“{name}”中有“{found[0]}”，成了一个名称；几个名称之间请用英文逗号隔开，如 [甲, 乙]")


def _address(at: Position, written: str) -> None:
    if not may_be_written_to(written):
        raise Misshapen(at, "应为一个邮箱地址")
