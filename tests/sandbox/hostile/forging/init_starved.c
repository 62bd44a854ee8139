// tries = "Takes CPU time, descriptors and files from its init by prlimit(), to die with it unnoticed."
// verdicts = ["TLE", "RTE"]
// because = "it spins until its time is up; an init that dies takes it along"
// limits = { cpu_time_ms = 500, wall_time_ms = 3000 }
// runs = 2
#define _GNU_SOURCE
#include <sys/resource.h>

int main(void)
{
    struct rlimit none = {0, 0};
    for (int which = 0; which < RLIM_NLIMITS; which++)
        prlimit(1, which, &none, 0);
    for (volatile int n = 0;; n++)
        ;
}
