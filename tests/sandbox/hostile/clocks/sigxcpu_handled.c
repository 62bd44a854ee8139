// tries = "Handles SIGXCPU and goes on, and raises its own CPU limit."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 6000 }
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

static void go_on(int number)
{
    (void)number;
}

int main(void)
{
    struct rlimit much = {RLIM_INFINITY, RLIM_INFINITY};
    struct sigaction action = {.sa_handler = go_on};
    sigaction(SIGXCPU, &action, NULL);
    if (setrlimit(RLIMIT_CPU, &much) == 0)
        puts("ESCAPED the hard limit on CPU time");
    fflush(stdout);
    for (volatile int n = 0;; n++)
        ;
}
