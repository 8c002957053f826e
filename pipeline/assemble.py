"""All documents a university has ever sent, folded into the one submission it currently stands for.

A pure function of the versions in the order the server received them; nothing is forgotten, only no longer current.
Whom a form belongs to is decided before (assign.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from parsers.model import Annex3, Annex4, Record
from pipeline.excused import excused
from pipeline.model import Mail, State, Submission, Version, Waiver
from pipeline.names import project_stem, same_project
from pipeline.own_files import is_unchanged
from pipeline.pairing import paired
from pipeline.rules import Rules
from pipeline.spare import has_head, is_filled, listed_keys, listed_names, spare
from pipeline.stamps import SCAN
from pipeline.trust import is_trusted, made_known, name_of, speaks_for_another
from pipeline.unnamed import is_unnamed
from pipeline.verdict import judged

# How reliably a form is read from these formats, least first; all others are read exactly.
PLAINNESS = {SCAN: 0, "pdf": 1, "html": 2}
NOTHING_DECIDED: Mapping[str, bool] = {}


@dataclass
class _Desk:
    """The submission while the mails are laid on it one after the other."""

    summaries: list[Version] = field(default_factory=list)
    applications: dict[str, Version] = field(default_factory=dict)
    ever_listed: set[str] = field(default_factory=set)
    withdrawn: list[Version] = field(default_factory=list)
    superseded: list[Version] = field(default_factory=list)
    held: list[Version] = field(default_factory=list)
    # The mails that count for nothing, as far as staff have not accepted them; and the files of all that was taken in.
    unheeded: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    # The number of mails laid here, and for each record that of the last one in which it counted.
    mails: int = 0
    brought: dict[Record, int] = field(default_factory=dict)

    def lay_new(self, versions: Sequence[Version]) -> list[Version]:
        """Take in of a mail only what replaces nothing, and hold the rest; returns what was taken."""
        versions = self._without_returned(versions)
        extra = spare(versions, self._standing())
        replacing = [one for one in versions if one not in extra and self._would_replace(one)]
        # What came beside it says nothing about the university either, until staff have decided, nor do a table's own forms.
        tables = any(isinstance(one.transcript.record, Annex3) for one in replacing)
        aside = [one for one in versions if replacing and one not in extra and (tables or one.transcript.form is None)]
        taken = [version for version in versions if version not in replacing and version not in aside]
        self.hold([version for version in versions if version not in taken])
        self.lay(taken)
        return taken

    def hold(self, versions: Sequence[Version]) -> None:
        """Lay documents of one mail aside until staff decide over it."""
        self.held += versions
        self.unheeded |= {version.mail for version in versions}

    def confirm(self) -> None:
        """Leave nothing to decide over a mail all of which a known sender has brought since; it counts no more for that."""
        standing = {version.transcript.record for version in self._standing()}

        def is_there(version: Version) -> bool:
            record = version.transcript.record
            return version.file in self.files if record is None else record in standing

        open_ = {version.mail for version in self.held if not is_there(version)}
        self.superseded += [version for version in self.held if version.mail not in open_]
        self.held = [version for version in self.held if version.mail in open_]

    def _without_returned(self, versions: Sequence[Version]) -> Sequence[Version]:
        """The versions of a mail but for copies of ours that say, as we sent them, what has been replaced since.

        A table counts if it lists a project that none does now: whoever withdrew one by mistake is asked to send it again.
        """
        ours = [version for version in versions if is_unchanged(version)]
        if not ours:
            return versions
        earlier = {version.transcript.record for version in (*self.superseded, *self.withdrawn)}
        earlier -= {version.transcript.record for version in self._standing()}
        listed = {key for table in self.summaries for key in listed_keys(table)}
        returned = [one for one in ours if one.transcript.record in earlier and listed_keys(one) <= listed]
        self.superseded += returned
        return [version for version in versions if version not in returned]

    def _would_replace(self, version: Version) -> bool:
        record = version.transcript.record
        if isinstance(record, Annex3):
            return any(table.transcript.record != record for table in self.summaries)
        if isinstance(record, Annex4):
            key = same_project(record.project_name)
            current = self.applications.get(key)
            # What only a table that waits lists came to that table, if in another mail.
            waits = any(key in listed_keys(table) for table in self.held) and key not in self.ever_listed
            return waits if current is None else current.transcript.record != record
        return False

    def lay(self, versions: Sequence[Version]) -> None:
        """Take in the documents of one mail."""
        self.files |= {version.file for version in versions}
        versions = self._typed(self._without_returned(versions))
        extra = spare(versions, self._standing())
        self.superseded += extra
        counted = [version for version in versions if version not in extra]
        tables = [version for version in counted if isinstance(version.transcript.record, Annex3)]
        if tables:
            self._replace_summaries(sorted(tables, key=has_head))
        for version in counted:
            record = version.transcript.record
            if isinstance(record, Annex4):
                key = same_project(record.project_name) or f"?{version.mail}{version.index}"
                if key in self.applications:
                    self.superseded.append(self.applications.pop(key))
                self.applications[key] = version
        if tables:
            # What came in the same mail counts first.
            self._restore(_stems(self.summaries))
        self._clear_blank()
        self._remember(versions)

    def _remember(self, versions: Sequence[Version]) -> None:
        standing = self._standing()
        for version in versions:
            record = version.transcript.record
            if record is not None and version in standing:
                self.brought[record] = self.mails + 1
            elif record is not None:
                self.brought.setdefault(record, self.mails)
        self.mails += 1

    def _standing(self) -> list[Version]:
        return [*self.summaries, *self.applications.values()]

    def _clear_blank(self) -> None:
        """Blank applications count only until one is filled in."""
        blank = [key for key, version in self.applications.items() if not is_filled(version)]
        if len(blank) < len(self.applications):
            self.superseded += [self.applications.pop(key) for key in blank]

    def _typed(self, versions: Sequence[Version]) -> list[Version]:
        """The versions of a mail, least reliable first, so that what was typed has the last word, and of these what is new
        before what an earlier mail brought; what was recognised in a picture is left out where anything typed says the same."""
        tables = bool(self.summaries) or any(
            isinstance(one.transcript.record, Annex3) and one.transcript.format != SCAN for one in versions
        )
        kept = []
        for version in sorted(versions, key=self._rank):
            record = version.transcript.record
            if (version.transcript.format == SCAN and isinstance(record, Annex3) and tables) or (
                version.transcript.format == SCAN and isinstance(record, Annex4) and self._has(record, versions)
            ):
                self.superseded.append(version)
            else:
                kept.append(version)
        return kept

    def _rank(self, version: Version) -> tuple[int, int]:
        record = version.transcript.record
        age = self.mails + 1 if record is None else self.brought.get(record, self.mails + 1)
        return PLAINNESS.get(version.transcript.format, len(PLAINNESS)), age

    def _has(self, record: Annex4, versions: Sequence[Version]) -> bool:
        key = same_project(record.project_name)
        return key in self.applications or any(
            isinstance(one.transcript.record, Annex4)
            and one.transcript.format != SCAN
            and same_project(one.transcript.record.project_name) == key
            for one in versions
        )

    def _replace_summaries(self, tables: list[Version]) -> None:
        current, doubles = _together(tables)
        self.superseded += [*self.summaries, *doubles]
        told_before = bool(self.summaries)
        self.summaries = current
        listed = {key for table in current for key in listed_keys(table)}
        stems = _stems(current)
        for key in [key for key in self.applications if key not in listed]:
            # A later Annex 3 states the whole: what it no longer lists is withdrawn together with its Annex 4.
            stem_listed = project_stem(name_of(self.applications[key])) in stems
            if not stem_listed and (key in self.ever_listed or told_before):
                self.withdrawn.append(self.applications.pop(key))
        self.ever_listed |= listed

    def _restore(self, stems: set[str]) -> None:
        """The newest withdrawn Annex 4 of a project that is listed again counts again."""
        for version in reversed(self.withdrawn[:]):
            key = same_project(name_of(version))
            current = {project_stem(name_of(one)) for one in self.applications.values()}
            if key and project_stem(name_of(version)) in stems - current:
                self.withdrawn.remove(version)
                self.applications[key] = version


def _stems(tables: Iterable[Version]) -> set[str]:
    """The wider keys of the projects that these tables list."""
    return {project_stem(name) for table in tables for name in listed_names(table)} - {""}


def _together(tables: list[Version]) -> tuple[list[Version], list[Version]]:
    """The tables of one mail that stand side by side (no project in common), and those the last ones replace."""
    current: list[Version] = []
    doubles: list[Version] = []
    taken: set[str] = set()
    filled = [table for table in tables if listed_keys(table)]
    for table in reversed(filled or tables[-1:]):
        keys = listed_keys(table)
        if current and (not keys or keys & taken):
            doubles.append(table)
        else:
            current.insert(0, table)
            taken |= keys
    doubles += [table for table in tables if table not in current and table not in doubles]
    return sorted(current, key=lambda table: table.index), doubles


def assemble(
    university: str,
    versions: Iterable[Version],
    mails: Iterable[Mail],
    rules: Rules,
    decisions: Mapping[str, bool] = NOTHING_DECIDED,
    waivers: Sequence[Waiver] = (),
) -> Submission:
    """The current submission of a university, judged. Versions and mails may come in any order.

    `decisions` says of mails, by id, whether staff accepted or rejected what they would replace; `waivers` which findings they
    settled. A name that begins with "?" stands for one that is not known yet; the submission then bears none.
    """
    university = "" if is_unnamed(university) else university
    letters = tuple(sorted(mails, key=lambda mail: (mail.received_at, mail.id)))
    order = {mail.id: position for position, mail in enumerate(letters)}
    by_mail: dict[str, list[Version]] = {mail.id: [] for mail in letters}
    for version in excused(sorted(versions, key=lambda version: version.index)):
        by_mail[version.mail].append(version)
    desk = _Desk()
    trusted: set[str] = set()
    newcomers = []
    strangers: set[str] = set()
    named = rules.terms.roster.get(university)
    for mail in letters:
        brought = by_mail[mail.id]
        if decisions.get(mail.id) is False:
            desk.superseded += brought
            desk.unheeded.add(mail.id)
        elif decisions.get(mail.id) or is_trusted(mail, trusted, named, rules):
            desk.lay(brought)
            if desk.held:
                desk.confirm()
            trusted |= made_known(mail, trusted, decisions.get(mail.id) is True)
        elif speaks_for_another(mail, named, rules.terms.roster):
            desk.hold(brought)
        else:
            strangers.add(mail.id)
            newcomers += [mail] if desk.lay_new(brought) else []
    if all(version.mail in strangers for version in (*desk.summaries, *desk.applications.values())):
        strangers.clear()
    entries, superseded = paired(desk.summaries, desk.applications, desk.superseded, order, (university, rules.terms))
    draft = Submission(
        university=university,
        state=State.MISSING,
        entries=entries,
        summaries=tuple(desk.summaries),
        withdrawn=tuple(desk.withdrawn),
        superseded=superseded,
        supporting=tuple(
            v for mail in letters if mail.id not in desk.unheeded for v in by_mail[mail.id] if v.transcript.form is None
        ),
        held=tuple(desk.held),
        newcomers=tuple(newcomers),
        unheeded=frozenset(desk.unheeded),
        strangers=frozenset(strangers),
        trusted=frozenset(trusted),
        mails=letters,
    )
    return judged(draft, order, rules, waivers)
