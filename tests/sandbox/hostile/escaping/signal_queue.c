// tries = "Fills the queues of pending signals and timers, which are memory of the kernel."
// verdicts = ["WA", "TLE"]
// because = "it ends when it is refused or when its time is up"
// limits = { cpu_time_ms = 600, wall_time_ms = 4000 }
// beside = true
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    sigset_t all;
    union sigval nothing = {0};
    timer_t timer;
    long signals = 0, timers = 0;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    while (signals < 3000000 && sigqueue(getpid(), SIGRTMIN + (int)(signals % 30), nothing) == 0)
        signals++;
    while (timers < 3000000 && timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0)
        timers++;
    printf("%ld signals, %ld timers\n", signals, timers);
    if (signals == 3000000 || timers == 3000000)
        puts("ESCAPED the limit on signals");
    return 0;
}
