"""What a program needs of the machine it runs on, measured in the file itself."""

import re
import subprocess

# How packages of Debian and Python call the processors that Linux calls by these names.
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}
# ELF's numbers of them, in the header of the file.
MACHINES = {62: "x86_64", 183: "aarch64"}
# The libraries that packages of glibc and GCC bring everywhere; a program that needs another one is not shipped.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1",
             "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def machine(program):
    header = program.open("rb").read(20)
    if header[:4] != b"\x7fELF":
        raise SystemExit(f"{program} is no program for Linux")
    return MACHINES[int.from_bytes(header[18:20], "little")]


def readelf(option, program):
    return subprocess.run(["readelf", "--wide", option, program], check=True, stdout=subprocess.PIPE, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}).stdout


def libraries(program):
    """The libraries that the program asks for."""
    found = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", program)))
    strange = ", ".join(sorted(found - LIBRARIES))
    if strange:
        raise SystemExit(f"{program} needs libraries that not every machine has: {strange}")
    return found


def glibc(program):
    """The oldest glibc that has every symbol of the program, as (2, 34)."""
    versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", readelf("--version-info", program))
    return max((int(major), int(minor)) for major, minor in versions)
