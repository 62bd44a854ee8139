// tries = "Hides burning children behind names that break whoever parses /proc."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 5000 }
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    const char *names[] = {"keeper) R 1 1 1", ") Z 0 0", "\n\n(", "%s%n", "init"};
    for (int i = 0; i < 5; i++)
        if (fork() == 0) {
            prctl(PR_SET_NAME, names[i]);
            for (volatile int n = 0;; n++)
                ;
        }
    for (;;)
        pause();
}
