// tries = "Becomes a new program every few milliseconds, so that each has used little CPU time."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 400, wall_time_ms = 5000 }
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 3000000);
    return execv("/proc/self/exe", argv);
}
