// tries = "Burns for 3 ms and sleeps for 2, to be asleep whenever somebody looks."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 300, wall_time_ms = 6000 }
#include <time.h>

static long now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

int main(void)
{
    struct timespec pause = {0, 2000000};
    for (;;) {
        long start = now_us(CLOCK_PROCESS_CPUTIME_ID);
        while (now_us(CLOCK_PROCESS_CPUTIME_ID) - start < 3000)
            ;
        nanosleep(&pause, NULL);
    }
}
