#!/usr/bin/env python3
"""The licences of everything that is in the program, as one text, on standard output.

    release/licences.py [--features cluster | --no-default-features] > licences.txt

Each text is one that a package ships; it stands once, below all packages that ship it. A package without a text has to
be in SHIPPED_BY, else this ends with 1. Equal sources give equal bytes. Needs cargo, whose packages are downloaded, and
Python 3.10.
"""

import re
import sys
from pathlib import Path

import sbom

TEXT = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)([-_.].*)?", re.IGNORECASE)
SOURCE = {".rs", ".c", ".h", ".py"}
# Packages without a text of their own, and who ships the same one.
SHIPPED_BY = {"alloc-stdlib": "alloc-no-stdlib", "flatbuffers": sbom.OWN}
# What these texts are about is not compiled, or may be had by another licence, whose text is shipped as well.
PASSED_OVER = {
    "lz4-sys": ["liblz4/programs/", "liblz4/contrib/", "liblz4/examples/", "liblz4/tests/"],
    "zstd-sys": ["zstd/COPYING"],
}
RULE = "=" * 100


def texts(package):
    """The texts of a package, by their path in it."""
    folder = Path(package["manifest_path"]).parent
    if package["name"] == sbom.OWN:
        own = ["LICENSE", "NOTICE", *sorted(f"src/report/assets/licenses/{path.name}" for path in
                                            (folder / "src/report/assets/licenses").iterdir())]
        return {name: (folder / name).read_text("utf-8") for name in own}
    passed_over = PASSED_OVER.get(package["name"], [])
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_text = TEXT.fullmatch(path.name) and path.suffix not in SOURCE and path.is_file()
        if is_text and not any(name.startswith(start) for start in passed_over):
            found[name] = path.read_text("utf-8", errors="replace")
    return found


def same(text):
    """A text without what differs between files of equal words."""
    return "\n".join(line.rstrip() for line in text.replace("\r", "").strip("\n\f ").split("\n"))


def licences(features):
    packages, _ = sbom.built(features)
    shown, listed, problems = {}, [], []
    for (name, version), package in sorted(packages.items()):
        if name.startswith(sbom.OWN) and name != sbom.OWN:
            continue
        found = texts(package)
        where = "" if found else f" (text as of {SHIPPED_BY.get(name)})"
        listed.append(f"{name} {version}: {package['license']}{where}")
        if not found and SHIPPED_BY.get(name) not in {known for known, _ in packages}:
            problems.append(f"{name} {version} ships no text of its licence, {package['license']}: name in "
                            "release/licences.py who ships the same one")
        for path, text in found.items():
            shown.setdefault(same(text), []).append(f"{name} {version}: {path}")
    if problems:
        raise SystemExit("\n".join(problems))
    parts = ["The program holds these packages, by the licences that each declares. Their texts follow.\n\n"
             + "\n".join(listed)]
    parts += ["\n".join(of) + "\n\n" + text for text, of in sorted(shown.items(), key=lambda item: item[1])]
    return f"\n\n{RULE}\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(licences(sbom.features(sys.argv[1:])))
