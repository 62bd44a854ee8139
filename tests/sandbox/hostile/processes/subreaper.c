// tries = "Collects its orphans itself (PR_SET_CHILD_SUBREAPER), so that no init ever sees them die."
// verdicts = ["WA"]
// wall_factor = 0.6
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGCONT);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            prctl(PR_SET_CHILD_SUBREAPER, 1);
            if (fork() == 0)
                for (;;)
                    pause();
            _exit(0);
        }
    usleep(50000);
    puts("the reaper ends");
    return 0;
}
