// tries = "Takes a lock on every second byte of a file, each a structure in the kernel."
// verdicts = ["WA", "MLE", "RTE", "TLE"]
// because = "the kernel walks the locks it has, so that time usually ends it; it may be counted, too"
// limits = { cpu_time_ms = 500, wall_time_ms = 3000 }
#include <fcntl.h>
#include <stdio.h>

int main(void)
{
    int file = open("/tmp/hostile-mark", O_CREAT | O_RDWR, 0600);
    long count = 0;
    for (; count < 1000000; count++) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = 1000000000 - 2 * count, .l_len = 1};
        if (fcntl(file, F_SETLK, &lock) != 0)
            break;
    }
    printf("%ld locks\n", count);
    if (count == 1000000)
        puts("ESCAPED the memory limit: each lock has 200 bytes");
    return 0;
}
