// tries = "Lets children burn 2 ms each that nobody waits for, so that no sample and no wait sees them."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 20000 }
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

int main(void)
{
    int ends[2];
    char end;
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 1000; i++) {
        if (pipe(ends) != 0)
            return 1;
        if (fork() == 0) {
            while (cpu_us() < 2000)
                ;
            _exit(0);
        }
        close(ends[1]);
        read(ends[0], &end, 1);
        close(ends[0]);
    }
    puts("two seconds of CPU time, seen by nobody");
    return 0;
}
