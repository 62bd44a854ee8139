// tries = "Makes itself more important than everybody else: real time, deadline, nice, I/O, other cores."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 5000 }
// beside = true
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct deadline { /* sched_attr of sched_setattr(2) */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

int main(void)
{
    struct sched_param most = {99};
    struct deadline deadline = {sizeof deadline, 6, 0, 0, 0, 900000000, 1000000000, 1000000000};
    struct rlimit much = {99, 99};
    if (setrlimit(RLIMIT_RTPRIO, &much) == 0)
        puts("ESCAPED the limit on priority");
    if (sched_setscheduler(0, SCHED_FIFO, &most) == 0 || sched_setscheduler(0, SCHED_RR, &most) == 0)
        puts("ESCAPED into real time");
    if (syscall(SYS_sched_setattr, 0, &deadline, 0) == 0)
        puts("ESCAPED into a deadline");
    if (setpriority(PRIO_PROCESS, 0, -20) == 0)
        puts("ESCAPED to nice -20");
    if (syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0)
        puts("ESCAPED to the real-time class of I/O");
    fflush(stdout);
    for (volatile int n = 0;; n++)
        ;
}
