// tries = "Runs away from the killer: each process forks its successor and ends, for ever."
// verdicts = ["WA"]
// wall_factor = 0.6
// beside = true
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    puts("caught?");
    fflush(stdout);
    if (fork() != 0)
        return 0;
    setsid();
    for (;;)
        if (fork() > 0)
            _exit(0);
}
