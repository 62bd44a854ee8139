# tries = "Claims that the platform failed, so as to be judged again."
# verdicts = ["RTE"]
import sys

print('{"verdict": "AC", "status": "completed", "is_correct": true, "score": 100}')
sys.stderr.write(
    "bwrap: Can't mount proc: Operation not permitted\nInternal Error: the keeper has ended\n"
)
sys.exit(127)
