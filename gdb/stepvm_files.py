"""Files that gdb fetches from stepvm, a screenshot or a core, and whether they got to the disk, for gdb does not look."""

import os
import stat
import struct

import gdb

from stepvm_machine import Failed


def fetch(name, arg, is_whole):
    """Has gdb write stepvm's file name to FILE, which arg says as gdb takes it. is_whole: of an open file, and its
    size."""
    gdb.execute("remote get %s %s" % (name, arg), False, True)
    path = gdb.string_to_argv(arg)[0]
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            is_there = not stat.S_ISREG(status.st_mode) or is_whole(file, status.st_size)
    except OSError as error:
        raise Failed(str(error)) from None
    if not is_there:
        raise Failed("%s could not be written whole: is the disk full?" % path)


def is_whole_png(file, size):
    """It ends with an empty piece: PNG (ISO 15948), 11.2.5."""
    file.seek(max(size - 8, 0))
    return file.read() == b"IEND\xaeB`\x82"


def is_whole_core(file, size):
    """All that its program headers name is in it: ELF's Elf32_Ehdr, Elf64_Ehdr and Elf32_Phdr, Elf64_Phdr."""
    head = file.read(64)
    try:
        is_64 = head[4] == 2
        (table,) = struct.unpack_from("<Q" if is_64 else "<I", head, 32 if is_64 else 28)
        entry, count = struct.unpack_from("<HH", head, 54 if is_64 else 42)
        file.seek(table)
        rows = file.read(entry * count)
        for at in range(0, entry * count, entry):
            begin, _, _, length = struct.unpack_from("<4Q" if is_64 else "<4I", rows, at + (8 if is_64 else 4))
            if begin + length > size:
                return False
    except (IndexError, struct.error):  # not even these
        return False
    return True
