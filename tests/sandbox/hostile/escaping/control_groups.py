# tries = "Leaves its control group, makes new ones and lifts their limits."
# verdicts = ["WA"]
import glob
import os

print(open("/proc/self/cgroup").read())
for root in ("/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup", "/cgroup", "/dev/cgroup"):
    for folder in [root, *glob.glob(f"{root}/**/", recursive=True)]:
        for name in (
            "cgroup.procs",
            "tasks",
            "memory.max",
            "memory.limit_in_bytes",
            "pids.max",
            "release_agent",
        ):
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write("0")
                print("ESCAPED to", folder, name)
            except OSError:
                pass
        try:
            os.mkdir(os.path.join(folder, "hostile-mark"))
            print("ESCAPED to", folder)
        except OSError:
            pass
print("done")
