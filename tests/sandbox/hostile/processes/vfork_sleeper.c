// tries = "Waits in vfork() for a child that never ends, where the kernel makes it deaf to most signals."
// verdicts = ["TLE"]
// limits = { wall_time_ms = 800 }
#include <unistd.h>

int main(void)
{
    if (vfork() == 0)
        for (;;)
            pause();
    return 0;
}
