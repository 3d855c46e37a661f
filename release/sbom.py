#!/usr/bin/env python3
"""Lists what the program is made of, as a CycloneDX 1.6 document (SBOM) on standard output.

    release/sbom.py [--features cluster | --no-default-features] > liangqing.cdx.json
    release/sbom.py --check

Packages and their dependencies are those that `cargo tree` shows for a build of the program (no tests), with the
licence that each declares and the SHA-256 that Cargo.lock has of it. What the report carries besides is in EMBEDDED,
as NOTICE has it. Equal sources give equal bytes. --check writes nothing: every package needs a licence and a SHA-256,
and EMBEDDED has to agree with NOTICE. Needs cargo and Python 3.10.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = f"{platform.machine()}-unknown-linux-gnu"
# The package of the program; those of this project begin alike.
OWN = "liangqing"
PROGRAM = OWN + "-program"
# Works of which a part is in the page of `liangqing report`: name, version, licence.
EMBEDDED = [
    ("echarts", "6.1.0", "Apache-2.0"),
    ("zrender", "6", "BSD-3-Clause"),
    ("d3", None, "BSD-3-Clause"),
    ("tslib", None, "0BSD"),
]


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def checksums():
    """The SHA-256 of each package's archive by name and version."""
    found = {}
    for block in (ROOT / "Cargo.lock").read_text("utf-8").split("[[package]]")[1:]:
        values = dict(re.findall(r'^(name|version|checksum) = "(.*)"$', block, re.M))
        if "checksum" in values:
            found[values["name"], values["version"]] = values["checksum"]
    return found


def built(features):
    """The packages of a build by name and version, the program first, and those on which each of them depends."""
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1"))
    known = {(package["name"], package["version"]): package for package in metadata["packages"]}
    tree = cargo("tree", "--locked", "--package", PROGRAM, "--edges", "normal", "--prefix", "depth",
                 "--target", TARGET, *features)
    edges, above = {}, []
    for depth, name, version in re.findall(r"^(\d+)(\S+) v(\S+)", tree, re.M):
        package = name, version
        del above[int(depth):]
        edges.setdefault(package, set())
        if above:
            edges[above[-1]].add(package)
        above.append(package)
    return {package: known[package] for package in edges}, edges


def component(package, sums):
    name, version = package["name"], package["version"]
    described = {
        "type": "library",
        "bom-ref": f"pkg:cargo/{name}@{version}",
        "name": name,
        "version": version,
        "licenses": [{"expression": package["license"].replace("/", " OR ")}] if package["license"] else [],
        "purl": f"pkg:cargo/{name}@{version}",
    }
    if (name, version) in sums:
        described["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def embedded(name, version, license):
    described = {"type": "library", "bom-ref": f"embedded:{name}", "name": name,
                 "licenses": [{"expression": license}]}
    return described | ({"version": version} if version else {})


def sbom(features):
    packages, edges = built(features)
    sums = checksums()
    known = {package: component(described, sums) for package, described in packages.items()}
    program = next(package for package in known if package[0] == PROGRAM)
    dependencies = [{"ref": known[package]["bom-ref"], "dependsOn": sorted(known[on]["bom-ref"] for on in on_all)}
                    for package, on_all in edges.items()]
    components = [described for package, described in known.items() if package != program]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": known[program] | {"type": "application", "name": OWN}},
        "components": sorted(components, key=lambda of: of["bom-ref"]) + [embedded(*work) for work in EMBEDDED],
        "dependencies": sorted(dependencies, key=lambda of: of["ref"]),
    }


def check(features):
    """Every problem of the list."""
    listed = sbom(features)
    problems = []
    for of in listed["components"]:
        if not of["licenses"]:
            problems.append(f"{of['name']} declares no licence")
        if "purl" in of and "hashes" not in of and not of["name"].startswith(OWN):
            problems.append(f"{of['name']} is not from crates.io")
    needed = {ref for of in listed["dependencies"] for ref in of["dependsOn"]}
    spare = [of["name"] for of in listed["components"] if "purl" in of and of["bom-ref"] not in needed]
    problems += [f"nothing depends on {name}" for name in spare]
    notice = (ROOT / "NOTICE").read_text("utf-8").lower()
    for name, _, license in EMBEDDED:
        if not re.search(rf"^- .*{name}.*{license.lower()}$", notice, re.M):
            problems.append(f"NOTICE has no {name}, {license}")
    if notice.count("\n- ") != len(EMBEDDED):
        problems.append("NOTICE names other works")
    return problems


def parsed(line):
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", default="")
    parser.add_argument("--no-default-features", action="store_true")
    parser.add_argument("--check", action="store_true")
    return parser.parse_args(line)


def features(line):
    """What of a command line says which features are built, as cargo takes it."""
    arguments = parsed(line)
    named = ["--features", arguments.features] if arguments.features else []
    return named + (["--no-default-features"] if arguments.no_default_features else [])


def main():
    arguments, chosen = parsed(None), features(sys.argv[1:])
    if not arguments.check:
        print(json.dumps(sbom(chosen), indent=2, ensure_ascii=False))
        return 0
    problems = check(chosen)
    for problem in problems:
        print(f"sbom: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
