// tries = "Makes itself the least important process, so that its CPU limit takes long to reach."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 400, wall_time_ms = 3000 }
// beside = true
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

int main(void)
{
    struct sched_param zero = {0};
    (void)!nice(19);
    sched_setscheduler(0, SCHED_IDLE, &zero);
    for (volatile int n = 0;; n++)
        ;
}
