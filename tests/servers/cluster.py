"""A Dask cluster on loopback, in processes of its own; run as a program it prints its address and ends with its input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a running scheduler with two workers, as ANNEX_EXECUTOR takes it."""
    pytest.importorskip("distributed")
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("tcp://"), "the cluster did not start"
        try:
            yield address.replace("tcp://", "dask://")
        finally:
            process.stdin.close()
            process.wait(30)


def main() -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, worker_dashboard_address=None
    ) as running:
        print(running.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
