#!/usr/bin/env python3
"""Runs the Python of a page, from top to bottom as one program, and compares what each block prints with the block of
text below it.

    tests/python/snippets.py --work DIR PAGE...

DIR holds what the pages read: `book`, `sample-data`. --update writes what was printed into the pages. Pages of one name
in two languages have to have the same blocks.
"""

import argparse
import contextlib
import io
import os
import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def printed(page, code, line, names):
    """What a block prints; a mistake in it is told with its place on the page."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * line + code, page, "exec"), names)
    return out.getvalue()


def changed(page, text):
    """The page with what its blocks print."""
    names = {"__name__": "page"}

    def block(found):
        out = printed(page, found[1], text.count("\n", 0, found.start(1)), names)
        return f"```python\n{found[1]}```\n" + (f"\n```text\n{out}```\n" if out else "")

    return BLOCK.sub(block, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("pages", type=Path, nargs="+")
    arguments = parser.parse_args()
    pages = [page.absolute() for page in arguments.pages]
    os.chdir(arguments.work)
    problems, blocks = [], {}
    for page in pages:
        text = page.read_text("utf-8")
        now = changed(str(page), text)
        if arguments.update:
            page.write_text(now, "utf-8")
        elif now != text:
            pairs = zip(text.splitlines(), now.splitlines() + [""] * len(text), strict=False)
            at, (shown, found) = next((at, pair) for at, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            problems.append(f"{page}:{at}: the page shows {shown!r}, the code above prints {found!r}")
        found = BLOCK.findall(now)
        if not found:
            problems.append(f"{page} has no Python")
        name = page.name.replace(".zh-CN", "")
        if blocks.setdefault(name, found) != found:
            problems.append(f"{page} has other blocks than the page in the other language")
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
