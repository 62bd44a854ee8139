// tries = "Mounts, moves, binds, remounts and unmounts, by the old interface and the new one."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void report(const char *what, long result)
{
    if (result >= 0)
        printf("ESCAPED by %s\n", what);
}

int main(void)
{
    mkdir("/tmp/hostile-mark", 0700);
    const char *kinds[] = {"tmpfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts", "devtmpfs", "mqueue", "overlay",
                           "debugfs", "tracefs", "bpf", "fuse", "ramfs", "binfmt_misc", "ext4"};
    for (int i = 0; i < 16; i++) {
        report(kinds[i], mount(kinds[i], "/tmp/hostile-mark", kinds[i], 0, ""));
        report("fsopen", syscall(430, kinds[i], 0));
    }
    report("bind", mount("/", "/tmp/hostile-mark", NULL, MS_BIND | MS_REC, NULL));
    report("move", mount("/proc", "/tmp/hostile-mark", NULL, MS_MOVE, NULL));
    report("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
    report("remount of the box", mount(NULL, "/box", NULL, MS_REMOUNT | MS_BIND, NULL));
    report("sharing", mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
    report("unmounting", umount2("/proc", MNT_DETACH));
    report("unmounting the box", umount2("/box", MNT_DETACH));
    report("open_tree", syscall(428, AT_FDCWD, "/", 1));
    report("move_mount", syscall(429, AT_FDCWD, "/proc", AT_FDCWD, "/tmp/hostile-mark", 0));
    report("mount_setattr", syscall(442, AT_FDCWD, "/", 0, NULL, 0));
    report("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp/hostile-mark"));
    report("chroot", chroot("/tmp"));
    puts("done");
    return 0;
}
