# tries = "Fails at run time with the words of a compiler."
# verdicts = ["RTE"]
import sys

sys.stderr.write("Compilation Error:\nmain.py:1: error: SyntaxError: invalid syntax\n")
sys.exit(1)
