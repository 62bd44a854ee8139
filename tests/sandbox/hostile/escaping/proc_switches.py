# tries = "Turns the switches of /proc: those of the kernel and those of processes."
# verdicts = ["WA"]
import glob

switches = {
    "/proc/sys/kernel/core_pattern": "|/tmp/hostile-mark",
    "/proc/sys/kernel/modprobe": "/tmp/hostile-mark",
    "/proc/sys/kernel/hostname": "hostile-mark",
    "/proc/sys/kernel/pid_max": "400",
    "/proc/sys/kernel/ns_last_pid": "400",
    "/proc/sys/vm/overcommit_memory": "2",
    "/proc/sys/vm/drop_caches": "3",
    "/proc/sys/fs/file-max": "10",
    "/proc/sys/user/max_user_namespaces": "10000",
    "/proc/sysrq-trigger": "h",
    "/proc/self/oom_score_adj": "-1000",
    "/proc/self/oom_adj": "-17",
    "/proc/self/uid_map": "0 0 4294967295",
    "/proc/self/setgroups": "allow",
    "/proc/self/attr/current": "unconfined",
    "/proc/1/oom_score_adj": "1000",
    "/proc/1/comm": "hostile-mark",
    "/proc/1/mem": "x",
    "/proc/1/clear_refs": "1",
}
for path, value in switches.items():
    try:
        with open(path, "w") as file:
            file.write(value)
        print("ESCAPED to", path)
    except OSError:
        pass
for path in glob.glob("/proc/sys/**/*", recursive=True):
    try:
        with open(path, "r+") as file:
            value = file.read()
            file.seek(0)
            file.write(value)
        print("ESCAPED to", path)
    except (OSError, UnicodeDecodeError):
        pass
print("done")
