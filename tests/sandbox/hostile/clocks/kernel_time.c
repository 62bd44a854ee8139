// tries = "Lets the kernel do the work: only system time is used."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 5000 }
#include <fcntl.h>
#include <unistd.h>

static char buffer[4 << 20];

int main(void)
{
    int random = open("/dev/urandom", O_RDONLY);
    for (;;)
        if (read(random, buffer, sizeof buffer) < 0)
            return 1;
}
