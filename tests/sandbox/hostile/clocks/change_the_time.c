// tries = "Sets the clocks of the host."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

int main(void)
{
    struct timespec past = {1000000000, 0};
    struct timeval epoch = {1000000000, 0};
    struct timex faster = {.modes = ADJ_FREQUENCY | ADJ_TICK, .freq = 32768000, .tick = 11000};
    if (clock_settime(CLOCK_REALTIME, &past) == 0 || settimeofday(&epoch, NULL) == 0)
        puts("ESCAPED: the time is set");
    if (adjtimex(&faster) >= 0 || clock_adjtime(CLOCK_REALTIME, &faster) >= 0)
        puts("ESCAPED: the clock runs faster");
    puts("done");
    return 0;
}
