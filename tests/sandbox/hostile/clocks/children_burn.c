// tries = "Sleeps while its children burn."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 6000 }
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            for (volatile int n = 0;; n++)
                ;
    for (;;)
        pause();
}
