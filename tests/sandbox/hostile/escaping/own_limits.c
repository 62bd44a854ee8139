// tries = "Raises every hard limit of its own, and asks for a core file."
// verdicts = ["RTE"]
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

int main(void)
{
    for (int which = 0; which < RLIM_NLIMITS; which++) {
        struct rlimit limit, more;
        getrlimit(which, &limit);
        more = limit;
        more.rlim_max = limit.rlim_max + 1;
        if (limit.rlim_max != RLIM_INFINITY && setrlimit(which, &more) == 0)
            printf("ESCAPED: limit %d is raised\n", which);
    }
    struct rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    if (core.rlim_max != 0)
        puts("ESCAPED: core files are allowed");
    fflush(stdout);
    raise(SIGABRT);
    return 0;
}
