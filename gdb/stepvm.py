# stepvm.py: the part of stepvm.gdb for a gdb with Python. stepvm.gdb loads it, again if need be.


def stepvm_load():
    import importlib
    import sys

    import gdb
    import gdb.unwinder

    names = ("machine", "segments", "addresses", "code", "callers", "frames", "interrupts", "tables", "paging",
             "context", "modes", "console", "registers", "moments", "files",
             "commands")  # fmt: skip
    old = sys.modules.get("stepvm_commands")
    if old is not None:
        old.unload()
    for name in names:
        sys.modules.pop("stepvm_" + name, None)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, stepvm_folder)
    try:
        for name in names:
            importlib.import_module("stepvm_" + name)
    finally:
        sys.path.remove(stepvm_folder)
        sys.dont_write_bytecode = before
    sys.modules["stepvm_commands"].load()


stepvm_load()
