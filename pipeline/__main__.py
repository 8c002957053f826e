"""The command `annex-inbox`: all that is loaded before anything can go wrong, an interrupt while the rest is loaded included."""

import gc
import os
import sys


def main() -> None:
    """Run the command and leave with an exit code of contract §1."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Whoever closed it wants to hear nothing; no file of ours may come to lie in its place.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    try:
        from pipeline.invocation import run

        code = run(sys.argv)
    except KeyboardInterrupt:
        sys.stderr.write("已中断，没有丢失任何邮件，下次运行会接着做。\n")
        code = 130
    # What is left goes with the process, and the collector need not look through it once more.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
