"""`python -m fuzz [TARGET...]`: tries inputs until time is up or one fails, with atheris if there is one, else hypothesis.

A failing input is printed as hex; `--input HEX` tries it again. The short run that belongs to the tests is test_fuzz.py.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import tempfile
import time


def main() -> int:
    """Run the targets named, or all, one after the other; the exit code says whether one failed."""
    options = _options()
    if options.input is not None:
        from fuzz.targets import TARGETS

        TARGETS[options.target[0]](bytes.fromhex(options.input))
        return 0
    if options.under_atheris:
        _with_atheris(options.target[0], options.seconds)
    from fuzz.targets import TARGETS

    if unknown := [name for name in options.target if name not in TARGETS]:
        print(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    failed = [name for name in options.target or TARGETS if not _tried(name, options.seconds)]
    print("failed: " + ", ".join(failed) if failed else "nothing found")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help="names of targets; all if none is given")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--input", help="one input, in hex, for one target")
    parser.add_argument("--under-atheris", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _tried(name: str, seconds: int) -> bool:
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(f"{name}: hypothesis, {seconds} s", flush=True)
        return _with_hypothesis(name, seconds)
    print(f"{name}: atheris, {seconds} s", flush=True)
    # atheris never returns, and instruments what is imported after it.
    command = [sys.executable, "-m", "fuzz", name, "--seconds", str(seconds), "--under-atheris"]
    return subprocess.run(command, check=False).returncode == 0


def _with_atheris(name: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["parsers", "pipeline"]):
        from fuzz.targets import TARGETS
    logging.disable()

    def tried(data: bytes) -> None:
        try:
            TARGETS[name](data)
        except BaseException:
            print(f"input: {data.hex()}", flush=True)
            raise

    # libFuzzer leaves failing inputs in the working folder, where they have no business.
    prefix = f"-artifact_prefix={tempfile.gettempdir()}/"
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-max_len=600", "-timeout=30", "-verbosity=0", prefix], tried
    )
    atheris.Fuzz()


def _with_hypothesis(name: str, seconds: int) -> bool:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    from fuzz.targets import TARGETS

    logging.disable()
    end = time.monotonic() + seconds

    @settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=600))
    def tried(data: bytes) -> None:
        if time.monotonic() < end:
            TARGETS[name](data)

    while time.monotonic() < end:
        try:
            tried()
        except Exception as fault:
            print(f"{name}: {type(fault).__name__}: {fault}\n" + "\n".join(getattr(fault, "__notes__", [])), flush=True)
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
