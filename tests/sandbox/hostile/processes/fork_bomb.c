// tries = "Forks without end, to fill the process table of the host."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500 }
// beside = true
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
