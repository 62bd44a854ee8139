// tries = "Opens its output for reading, takes back what it wrote, and blocks who reads it."
// verdicts = ["OLE", "TLE", "WA"]
// because = "it may be refused, or steal its own output until a limit ends it"
// limits = { cpu_time_ms = 500, wall_time_ms = 1500 }
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    static char block[4096];
    int mine = open("/proc/self/fd/1", O_RDWR);
    if (mine < 0)
        return 0;
    fcntl(1, F_SETFL, O_NONBLOCK | O_DIRECT);
    fcntl(mine, F_SETFL, O_NONBLOCK);
    for (;;) {
        (void)!write(1, block, sizeof block);
        (void)!read(mine, block, sizeof block);
    }
}
