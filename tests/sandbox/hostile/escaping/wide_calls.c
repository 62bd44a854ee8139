// tries = "Calls into the parts of the kernel where most holes are found and no contest program has work."
// verdicts = ["WA"]
// machine = "x86_64"
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char room[4096];

static void report(const char *what, long result)
{
    if (result >= 0)
        printf("ESCAPED by %s\n", what);
}

int main(void)
{
    report("io_uring_setup", syscall(425, 4, memset(room, 0, sizeof room)));
    report("bpf", syscall(321, 0, memcpy(room, "\2\0\0\0\4\0\0\0\4\0\0\0\1\0\0\0", 16), 72)); /* an array */
    report("userfaultfd", syscall(323, 1));
    memset(room, 0, sizeof room);
    room[0] = 1, room[4] = 112; /* a software event */
    report("perf_event_open", syscall(298, room, 0, -1, -1, 0));
    report("add_key", syscall(248, "user", "hostile-mark", "x", 1, -2));
    report("request_key", syscall(249, "user", "hostile-mark", "x", -2));
    report("keyctl", syscall(250, 0, -3, 1));
    report("name_to_handle_at", syscall(303, -100, "/tmp", strcpy(room, "\200"), room + 2000, 0));
    report("modify_ldt", syscall(154, 0, room, 16));
    report("personality", syscall(135, 0x0400000)); /* READ_IMPLIES_EXEC */
    report("memfd_create", syscall(319, "hostile-mark", 0));
    report("memfd_secret", syscall(447, 0));
    report("fanotify_init", syscall(300, 0x200, 0));
    report("inotify_init", syscall(294, 0));
    report("vmsplice", syscall(278, 1, NULL, 0, 0));
    report("process_madvise", syscall(440, -1, NULL, 0, 0, 0));
    report("kcmp", syscall(312, getpid(), getpid(), 1, 0, 0));
    report("mbind", syscall(237, 0, 0, 0, NULL, 0, 0));
    report("set_mempolicy", syscall(238, 0, NULL, 0));
    report("migrate_pages", syscall(256, 0, 0, NULL, NULL));
    report("msgget", syscall(68, 0x686f7374, 01600));
    report("semget", syscall(64, 0x686f7374, 1, 01600));
    report("shmget", syscall(29, 0x686f7374, 4096, 01600));
    report("mq_open", syscall(240, "hostile-mark", 0102, 0600, NULL));
    report("unshare", syscall(272, 0x200)); /* CLONE_FS: harmless, but what needs it */
    report("syslog", syscall(103, 10, NULL, 0));
    report("ptrace", syscall(101, 0, 0, 0, 0));
    report("pidfd_getfd", syscall(438, syscall(434, getpid(), 0), 0, 0));
    puts("done");
    return 0;
}
