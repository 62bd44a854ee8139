// tries = "Changes limits, priorities and cores of its init and of strangers."
// verdicts = ["WA"]
// beside = true
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    struct rlimit none = {0, 0};
    struct sched_param zero = {0};
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    for (int pid = 1; pid < 200; pid++) {
        if (pid == getpid())
            continue;
        if (prlimit(pid, RLIMIT_CPU, &none, NULL) == 0 || prlimit(pid, RLIMIT_NOFILE, &none, NULL) == 0)
            printf("ESCAPED: limits of %d\n", pid);
        if (sched_setscheduler(pid, SCHED_IDLE, &zero) == 0 || setpriority(PRIO_PROCESS, pid, 19) == 0)
            printf("ESCAPED: priority of %d\n", pid);
        if (sched_setaffinity(pid, sizeof first, &first) == 0)
            printf("ESCAPED: cores of %d\n", pid);
    }
    puts("done");
    return 0;
}
