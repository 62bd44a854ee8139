// tries = "Fills as many pipes as it can, as large as they get."
// verdicts = ["WA", "MLE", "RTE"]
// because = "what the kernel lets a user fill is little, and may be counted"
// limits = { memory_bytes = 33554432 }
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char block[1 << 16];

int main(void)
{
    int ends[2];
    long held = 0;
    while (pipe2(ends, O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        for (ssize_t length; (length = write(ends[1], block, sizeof block)) > 0;)
            held += length;
    }
    printf("%ld MiB\n", held >> 20);
    if (held > 96L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
