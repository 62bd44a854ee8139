"""Find cgroups, run commands in one, and print what came of it as JSON: `python cgroup_report.py`.

Standard library only, so that it runs in any Python, under any user.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from app.engines.sandbox.cgroups import find_cgroups
from tests.support.cgroup_commands import FORK, run_inside

TOUCH = "data = b'x' * (40 << 20)"

cgroups = find_cgroups()
report = asdict(cgroups.support)
lane = cgroups.create(0)
for name, source in {"greedy": TOUCH, "forking": FORK, "modest": "pass"}.items():
    exit_code, facts = run_inside(lane, source, user_id=None)
    report[name] = {"exit_code": exit_code, **asdict(facts)}
lane.close()
cgroups.close()
report["own"] = Path("/proc/self/cgroup").read_text().rpartition(":")[2].strip()
sys.stdout.write(json.dumps(report))
