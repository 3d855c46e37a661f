# SPDX-License-Identifier: Apache-2.0
"""Rewrites the schema in a Parquet footer, for files that today's writers do not make:
converted types alone, and decimals stored as BYTE_ARRAY. Generic Thrift compact structs."""
import struct

BYTE_ARRAY = 6                       # physical type
BOOL_T, BOOL_F, I8, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12


class Reader:
    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def byte(self):
        self.at += 1
        return self.raw[self.at - 1]

    def varint(self):
        out = shift = 0
        while True:
            b = self.byte()
            out |= (b & 127) << shift
            shift += 7
            if b < 128:
                return out

    def take(self, n):
        self.at += n
        return self.raw[self.at - n:self.at]

    def value(self, t):
        if t in (BOOL_T, BOOL_F, I8):
            return self.byte()
        if t in (4, 5, 6):
            v = self.varint()
            return (v >> 1) ^ -(v & 1)
        if t == DOUBLE:
            return self.take(8)
        if t == BINARY:
            return self.take(self.varint())
        if t in (LIST, SET):
            h = self.byte()
            n = h >> 4 if h >> 4 != 15 else self.varint()
            return (h & 15, [self.value(h & 15) for _ in range(n)])
        if t == STRUCT:
            return self.struct()
        raise ValueError("type %d" % t)

    def struct(self):
        out, last = {}, 0
        while True:
            h = self.byte()
            if h == 0:
                return out
            t = h & 15
            if h >> 4:
                last += h >> 4
            else:
                v = self.varint()
                last = (v >> 1) ^ -(v & 1)
            out[last] = (t, None if t in (BOOL_T, BOOL_F) else self.value(t))


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint((n << 1) ^ (n >> 63))


def write_value(t, v):
    if t in (BOOL_T, BOOL_F, I8):
        return bytes([v])
    if t in (4, 5, 6):
        return zigzag(v)
    if t == DOUBLE:
        return v
    if t == BINARY:
        return varint(len(v)) + v
    if t in (LIST, SET):
        et, items = v
        head = bytes([len(items) << 4 | et]) if len(items) < 15 else \
            bytes([0xF0 | et]) + varint(len(items))
        return head + b"".join(write_value(et, i) for i in items)
    return write_struct(v)


def write_struct(s):
    out, last = b"", 0
    for k in sorted(s):
        t, v = s[k]
        d = k - last
        out += bytes([d << 4 | t]) if 0 < d < 16 else bytes([t]) + zigzag(k)
        if t not in (BOOL_T, BOOL_F):
            out += write_value(t, v)
        last = k
    return out + b"\0"


def rewrite(path, change):
    """change(name, element) edits each SchemaElement in place."""
    raw = open(path, "rb").read()
    n = struct.unpack("<I", raw[-8:-4])[0]
    meta = Reader(raw[-8 - n:-8]).struct()
    for element in meta[2][1][1]:
        change(element[4][1].decode(), element)
    new = write_struct(meta)
    with open(path, "wb") as f:
        f.write(raw[:-8 - n] + new + struct.pack("<I", len(new)) + b"PAR1")


def converted_only(name, element):
    """Drops the logical type where a converted type says as much; a local time is none."""
    if 6 in element and 1 in element:
        time = element.get(10, (STRUCT, {}))[1].get(8)
        if time is None or time[1][1][0] == BOOL_T:
            element.pop(10, None)


def binary_decimal(precisions, logical):
    """Marks BYTE_ARRAY columns as DECIMAL(precision, 2)."""
    def change(name, element):
        if name in precisions and element.get(1) == (5, BYTE_ARRAY):
            element[6] = (5, 5)
            element[7], element[8] = (5, 2), (5, precisions[name])
            element.pop(10, None)
            if logical:
                element[10] = (STRUCT, {5: (STRUCT, {1: (5, 2), 2: (5, precisions[name])})})
    return change
