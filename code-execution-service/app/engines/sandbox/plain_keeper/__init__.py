"""The keeper where none can be built: it runs one command, and ends with the walls around it.

The service puts these modules into the box, where the host's Python runs them as pid 1 with nothing
but the standard library. They speak the protocol of `keeper/keeper.h` and do what `keeper/*.c` do,
whose comments have the reasons; only that this is slower, and that no second command follows.
"""
