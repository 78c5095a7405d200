"""`python -m docs.site`: build the site, or say what a build would change."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from docs.site import build, check


def main() -> int:
    """Run the command and return its exit code: 1 where the site is broken, or not what a build of now gives."""
    words = argparse.ArgumentParser(prog="python -m docs.site", description=main.__doc__)
    words.add_argument("command", nargs="?", choices=["build", "check"], default="build")
    words.add_argument("--out", type=Path, default=build.OUT, metavar="FOLDER")
    asked = words.parse_args()
    made = build.pages()
    if asked.command == "check":
        with tempfile.TemporaryDirectory() as folder:
            build.write(Path(folder), made)
            wrong = check.stale(asked.out, Path(folder))
    else:
        build.write(asked.out, made)
        wrong = check.faults(asked.out)
        sys.stdout.write(f"{len(made)} pages: {asked.out}\n")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
