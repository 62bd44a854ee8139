// tries = "Makes children of its parent instead of its own (CLONE_PARENT) and leaves them burning."
// verdicts = ["WA", "TLE"]
// because = "what the strangers burn until the main process ends may count"
// limits = { wall_time_ms = 30000 }
// wall_factor = 0.5
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int made = 0;
    for (int i = 0; i < 4; i++) {
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            for (volatile int n = 0;; n++)
                ;
        made += pid > 0;
    }
    printf("%d made\n", made);
    return 0;
}
