// tries = "Spends its time in handlers of the fastest timers there are."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 3000 }
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void nothing(int number)
{
    (void)number;
}

int main(void)
{
    struct itimerval often = {{0, 1}, {0, 1}};
    struct itimerspec very_often = {{0, 1000}, {0, 1000}};
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 1000; i++) {
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0)
            timer_settime(timer, 0, &very_often, NULL);
    }
    for (;;)
        pause();
}
