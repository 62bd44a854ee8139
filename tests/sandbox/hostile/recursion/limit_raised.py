# tries = "Takes Python's limit on recursion away and recurses in C code."
# verdicts = ["RTE", "MLE"]
# because = "the stack ends at its own limit or at that of memory, which are the same"
import sys

sys.setrecursionlimit(10**9)


class Deeper:
    def __getattr__(self, name):
        return getattr(self, name + "")

    def __repr__(self):
        return repr(self)


print(repr(Deeper()), Deeper().x)
