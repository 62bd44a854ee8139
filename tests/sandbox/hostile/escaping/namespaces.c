// tries = "Makes namespaces in which it would be root, or enters those of others."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    const int kinds[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                         CLONE_NEWCGROUP, 0x80, CLONE_NEWUSER | CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNET};
    const char *names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
    char path[64];
    for (int i = 0; i < 10; i++) {
        uint64_t arguments[11] = {(uint64_t)kinds[i], 0, 0, 0, SIGCHLD};
        if (unshare(kinds[i]) == 0)
            printf("ESCAPED by unshare %x\n", kinds[i]);
        for (int way = 0; way < 2; way++) {
            long pid = way ? syscall(SYS_clone3, arguments, sizeof arguments)
                           : syscall(SYS_clone, (unsigned long)kinds[i] | SIGCHLD, 0, 0, 0, 0);
            if (pid == 0)
                _exit(0);
            if (pid > 0 && wait(NULL) > 0)
                printf("ESCAPED by clone %x\n", kinds[i]);
        }
    }
    for (int i = 0; i < 8; i++)
        for (int who = 0; who < 3; who++) {
            snprintf(path, sizeof path, who ? "/proc/%d/ns/%s" : "/proc/self/ns/%2$s", who == 1 ? 1 : getppid(), names[i]);
            int space = open(path, O_RDONLY);
            if (space >= 0 && setns(space, 0) == 0)
                printf("ESCAPED into %s\n", path);
        }
    int parent = (int)syscall(SYS_pidfd_open, 1, 0);
    if (parent >= 0 && setns(parent, CLONE_NEWNS | CLONE_NEWPID) == 0)
        puts("ESCAPED into the init's");
    puts("done");
    return 0;
}
