"""Archives that are the same bytes whoever makes them: sorted, with one owner, one time and two modes.

A tree is a dictionary: the path of each file in the archive to its bytes. What is below a folder `bin` or `scripts` may
be run. Folders are made from the paths.
"""

import base64
import gzip
import hashlib
import io
import tarfile
import time
import zipfile

# Enough: the highest level takes three times as long for 1 % less.
LEVEL = 6


def may_run(path):
    return "bin" in path.split("/")[:-1] or "/scripts/" in path


def folders(tree):
    """The folders of a tree, each after the one that holds it."""
    found = set()
    for path in tree:
        parts = path.split("/")[:-1]
        found.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return sorted(found)


def compressed(data, level=LEVEL):
    """gzip without a name and without a time."""
    held = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=held, compresslevel=level, mtime=0) as out:
        out.write(data)
    return held.getvalue()


def tar(tree, when, start=""):
    """A compressed tar archive; every path begins with `start`."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as out:
        def add(path, mode, kind, data=b""):
            member = tarfile.TarInfo(start + path)
            member.mode, member.type, member.mtime, member.size = mode, kind, when, len(data)
            member.uname = member.gname = "root"
            out.addfile(member, io.BytesIO(data))

        for path in folders(tree):
            add(path, 0o755, tarfile.DIRTYPE)
        for path, data in sorted(tree.items()):
            add(path, 0o755 if may_run(path) else 0o644, tarfile.REGTYPE, data)
    return compressed(held.getvalue())


def deb(control, tree, when):
    """A Debian package of the files of `control` and of a tree."""
    def member(name, data):
        header = f"{name:<16}{when:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        assert len(header) == 60
        return header + data + b"\n" * (len(data) % 2)

    return (b"!<arch>\n" + member("debian-binary", b"2.0\n")
            + member("control.tar.gz", tar(control, when, "./")) + member("data.tar.gz", tar(tree, when, "./")))


def wheel(tree, record, when):
    """A Python wheel. `record` is the path of the list of its files, which is written here."""
    def listed(path, data):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        return f"{path},sha256={digest},{len(data)}\n"

    lines = [listed(path, data) for path, data in sorted(tree.items())]
    tree = tree | {record: ("".join(lines) + f"{record},,\n").encode()}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as out:
        # The list of files and what describes them comes last, as installers prefer.
        for path, data in sorted(tree.items(), key=lambda item: (".dist-info/" in item[0], item[0])):
            member = zipfile.ZipInfo(path, time.gmtime(when)[:6])
            member.external_attr = (0o100755 if may_run(path) else 0o100644) << 16
            member.create_system, member.compress_type = 3, zipfile.ZIP_DEFLATED
            out.writestr(member, data)
    return held.getvalue()
