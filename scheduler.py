"""`annex-inbox watch`: the same pass as `poll`, on a schedule, one at a time, until it is told to stop.

It knows when; what a pass does is pipeline.run's business.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from pipeline.errors import AnnexError
from pipeline.fault_log import account
from pipeline.lock import AlreadyRunning, keep_apart, single_run, time_limit
from pipeline.model import SHANGHAI
from pipeline.office import open_office
from pipeline.remarks import check_credentials
from pipeline.rules_file import load
from pipeline.run import one_pass
from pipeline.settings import Settings, load_settings
from pipeline.timetable import trigger

INTERRUPTED = 130

log = logging.getLogger("annex-inbox")


def run() -> int:
    """Watch until SIGTERM or SIGINT; a pass under way is finished first, unless it is said twice. Raises ConfigurationError, or LoginRefused, before the first pass."""
    settings = load_settings()
    keep_apart(settings)
    rules = load(settings.rules_path)
    check_credentials(settings.user or rules.notice.mailbox, settings.auth_code.reveal())
    logging.getLogger("annex-inbox").setLevel(logging.INFO)
    passes = ThreadPoolExecutor(1)
    scheduler = BlockingScheduler(timezone=SHANGHAI, executors={"default": passes})
    scheduler.add_job(
        watch_once,
        trigger(settings.poll),
        args=[settings],
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if not scheduler.running:
            log.info("再次收到停止信号，立即退出；没做完的，下次启动会接着做。")
            os._exit(INTERRUPTED)
        log.info("收到停止信号，做完手上的事就退出；再按一次 Ctrl+C 立即退出。")
        # Waiting here would block the signal handler of the very thread the scheduler runs in.
        scheduler.shutdown(wait=False)

    previous = {name: signal.signal(name, stop) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        scheduler.start()
        # A pass starts threads of its own, which it cannot once the program's end has begun.
        passes.shutdown(wait=True)
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)
    return 0


def watch_once(settings: Settings) -> None:
    """One pass; whatever goes wrong is logged, and the schedule goes on."""
    try:
        with single_run(settings), open_office(settings) as office, time_limit(settings):
            result = one_pass(office, lambda: datetime.now(UTC))
    except AlreadyRunning:
        log.info("另一个 annex-inbox 正在运行，这一轮跳过。")
        return
    except AnnexError as trouble:
        log.error("%s", trouble)
        return
    except Exception as fault:
        if "--debug" in sys.argv:
            raise
        log.error("%s", account(fault, datetime.now(UTC))[0])
        return
    for one in result.troubles:
        log.error("%s", one)
    log.info("新邮件 %d 封，搁置 %d 封，发出回复 %d 封。", result.listed, result.set_aside, result.dispatched.sent)


if __name__ == "__main__":
    from pipeline.__main__ import main

    sys.argv[1:] = ["watch", *sys.argv[1:]]
    main()
