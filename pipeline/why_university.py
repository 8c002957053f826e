"""How it was decided which university a document or a mail belongs to, told afterwards in a few Chinese words.

It follows the steps of assign.py and flow.py over what the store knows; it decides nothing anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.assign import stated
from pipeline.ledger_view import PENDING_NAME
from pipeline.model import Mail, Message, Version
from pipeline.office import Office
from pipeline.roster import Match, Nearness
from pipeline.unnamed import is_unnamed


def shown(university: str) -> str:
    """A university's name; our key for one that is not known yet as such."""
    return PENDING_NAME if is_unnamed(university) or not university else university


def attribution(
    version: Version, siblings: Sequence[Version], mail: Mail, office: Office, message: Message | None
) -> str:
    """How it was decided whose a document is, in words."""
    if is_unnamed(version.university) or not version.university:
        return "表格、来信和以前的来信都看不出是哪所高校，等待人工确认"
    roster = office.rules.terms.roster
    record = version.transcript.record
    own = stated(version.transcript, roster)
    if record is not None and own == version.university:
        return _stated(record.university, roster.find(record.university))
    prefix = f"表中写的是“{record.university}”，但" if record is not None and own else ""
    others = [one for one in siblings if one.index != version.index and one.university == version.university]
    if any(stated(one.transcript, roster) == version.university for one in others):
        return f"{prefix}同一来信中的表格写明了这所高校"
    return prefix + elsewhere(version.university, mail, office, message)


def _stated(written: str, match: Match | None) -> str:
    if match is None:
        return f"表中写的是“{written}”，不在高校名单中，按原文登记"
    name = match.university.name
    if written == name:
        return "表中写明"
    if match.nearness is Nearness.NEAR:
        return f"表中写的是“{written}”，与名单中的“{name}”最接近"
    return f"表中写的是“{written}”，即名单中的“{name}”"


def elsewhere(university: str, mail: Mail, office: Office, message: Message | None) -> str:
    """What but the forms of the mail itself names the university."""
    roster = office.rules.terms.roster
    for text, words in ((mail.subject, "主题"), (message.text if message else "", "正文")):
        named = roster.mentioned(text)
        if named is not None and named.name == university:
            return f"来信{words}提到了这所高校"
    if university in office.store.universities.known_to(mail.reply_to.address, mail.received_at):
        return "发件地址以前报送过这所高校的材料"
    return "发件地址后来报送了这所高校的材料"
