"""Keeps ledger, dashboard and archive in step with the store: sees whether anything has changed since they were written.

They are written by renewal.py, which a pass that finds nothing new never loads.
"""

from __future__ import annotations

from datetime import datetime

from pipeline.kept import BESIDE, Kept, fingerprint
from pipeline.office import Office


def keep_ledger(office: Office, now: datetime, force: bool = False) -> Kept:
    """Bring archive, ledger and dashboard up to date; touches none of them when nothing has changed."""
    # Of what they are made from, not of what another program may store meanwhile.
    made_from = f"{office.store.fact('revision')} {fingerprint(office.rules.path)} {office.standings.made_by}"
    stamp = f"{made_from} {_fingerprints(office)}"
    whole = office.ledger_path.exists() and office.dashboard_path.exists()
    if not force and whole and office.own_fact("ledger_stamp") == stamp:
        return Kept(False)
    from pipeline.renewal import renew

    kept = renew(office, now, force)
    if not kept.unfinished:
        office.set_own_fact("ledger_stamp", f"{made_from} {_fingerprints(office)}")
    return kept


def _fingerprints(office: Office) -> str:
    """Those of what staff may have written in."""
    return f"{fingerprint(office.ledger_path)} {fingerprint(office.ledger_path.with_name(BESIDE))}"
