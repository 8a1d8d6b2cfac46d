"""Set up and start Kuaidan: `python3 run.py` (see --help). Needs Python 3.11 and nothing else."""

import os
import shutil
import sys

OLDEST = (3, 11)


def main() -> int:
    """Hand over to the launcher, in a Python that is new enough.

    This file must stay readable for old Pythons, or they could not say what is wrong.
    """
    if sys.version_info >= OLDEST:
        from launcher.command_line import main as start

        return start()
    for minor in range(OLDEST[1], OLDEST[1] + 4):
        newer = shutil.which("python3.%d" % minor)  # noqa: UP031
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606
    found = ".".join(str(part) for part in sys.version_info[:3])
    print("Kuaidan needs Python 3.11 or newer; this is " + found + ".", file=sys.stderr)
    print("Install it (Debian, Ubuntu: apt-get install python3.11 python3.11-venv).", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
