/* The lane: makes one box after the other in the same walls, and waits until each is gone. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

/* Something of ours is broken: the service sees the box or the lane end and reads the reason in stderr. */
noreturn void die(const char *what)
{
    fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
    _exit(1);
}

/* A user namespace of its own keeps a box away from the lane, even a box that would be taken over. It needs a /proc
 * for its id map; where an outer container masks that one, box and lane share theirs. */
static unsigned long box_namespaces(void)
{
    unsigned long user = access("/proc/self/uid_map", F_OK) == 0 ? CLONE_NEWUSER : 0;
    return user | CLONE_NEWPID | CLONE_NEWNS;
}

static void serve_a_box(const struct lane *lane)
{
    char text[64];
    int wait_status;
    pid_t box = (pid_t)syscall(SYS_clone, box_namespaces() | SIGCHLD, NULL, NULL, NULL, 0);
    if (box < 0)
        die("making a box");
    if (box == 0)
        box_main(lane);
    while (waitpid(box, &wait_status, 0) < 0)
        if (errno != EINTR)
            die("waiting for a box");
    snprintf(text, sizeof text, "the box ended with wait status %d", wait_status);
    reply(lane->control, REPLY_GONE, text, strlen(text));
}

/* What bubblewrap has no option for. */
static void finish_lane(const struct lane *lane)
{
    sigset_t all;
    if (fcntl(lane->control, F_SETFD, FD_CLOEXEC) != 0)
        die("the control socket");
    for (int i = 0; i < MAX_ATTACH; i++)
        if (lane->cgroup.attach[i] >= 0 && fcntl(lane->cgroup.attach[i], F_SETFD, FD_CLOEXEC) != 0)
            die("the cgroup");
    if (lane->cgroup.cpu_usage >= 0 && fcntl(lane->cgroup.cpu_usage, F_SETFD, FD_CLOEXEC) != 0)
        die("the cgroup's CPU time");
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) { /* a host that runs out of memory shall kill what runs in boxes first */
        if (write(file, "1000", 4) != 4)
            die("oom_score_adj");
        close(file);
    }
    /* Else programs would possess the keys of whoever started the service. A seccomp filter around us may forbid it. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != EPERM && errno != ENOSYS)
        die("a session keyring");
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&all); /* inherited by boxes; programs start with none blocked */
    sigprocmask(SIG_SETMASK, &all, NULL);
    filter_build(lane->is_memory_watched);
}

int main(int argc, char **argv)
{
    struct lane lane = {.user = getuid(), .cgroup = {.attach = {-1, -1, -1, -1}}};
    if (argc < 5 || argc > 5 + MAX_ATTACH) {
        fputs("usage: keeper CONTROL_FD BOX_BYTES IS_MEMORY_WATCHED CPU_USAGE_FD [ATTACH_FD]...\n", stderr);
        return 2;
    }
    lane.control = atoi(argv[1]);
    lane.box_bytes = argv[2];
    lane.is_memory_watched = atoi(argv[3]);
    lane.cgroup.cpu_usage = atoi(argv[4]);
    for (int i = 5; i < argc; i++)
        lane.cgroup.attach[i - 5] = atoi(argv[i]);
    finish_lane(&lane);
    for (;;) {
        struct frame frame;
        receive(lane.control, &frame, sizeof frame);
        if (frame.kind != REQUEST_OPEN || frame.length != 0)
            die("an unknown request to the lane");
        serve_a_box(&lane);
    }
}
