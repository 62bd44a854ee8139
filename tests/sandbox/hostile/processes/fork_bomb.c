// tries = "Forks without end, to fill the process table of the host."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, memory_bytes = 268435456 } # a refused fork is freed later: on a busy host 30 MiB wait
// beside = true
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
