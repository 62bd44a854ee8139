// tries = "Lends huge pages to pipes (vmsplice) and unmaps them: the pipes keep them, nobody counts them."
// verdicts = ["WA", "MLE", "RTE"]
// because = "being stopped and being refused are both right, holding eight times the limit is not"
// limits = { cpu_time_ms = 2000 }
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define HUGE (2UL << 20)

int main(void)
{
    int ends[2];
    long held = 0;
    for (int pipes = 0; pipes < 16 && pipe2(ends, O_NONBLOCK) == 0; pipes++)
        for (;;) {
            char *memory = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            char *huge = (char *)(((size_t)memory + HUGE - 1) & ~(HUGE - 1));
            struct iovec part = {huge, 1};
            madvise(huge, HUGE, MADV_HUGEPAGE);
            memset(huge, 1, HUGE);
            ssize_t lent = vmsplice(ends[1], &part, 1, SPLICE_F_NONBLOCK);
            munmap(memory, 2 * HUGE);
            if (lent != 1)
                break;
            held += HUGE;
        }
    printf("%ld MiB\n", held >> 20);
    if (held > 512L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
