// tries = "Holds pages of /dev/zero that it has shared and let go, by reading alone and by writing."
// verdicts = ["MLE", "RTE", "WA"]
// because = "being stopped and being refused are both right, holding eight times the limit is not"
// limits = { cpu_time_ms = 2000 }
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#define SIZE (256UL << 20)

static int hold(int flags, int protection)
{
    static volatile char sink;
    int zeros = open("/dev/zero", flags);
    volatile char *memory = mmap(NULL, SIZE, protection, MAP_SHARED, zeros, 0);
    if (memory == MAP_FAILED)
        return 0;
    for (size_t at = 0; at < SIZE; at += 4096) {
        if (protection & PROT_WRITE)
            memory[at] = 1;
        else
            sink = memory[at];
        if (at % (8UL << 20) == 0)
            madvise((void *)memory, at, MADV_DONTNEED);
    }
    return 1;
}

int main(void)
{
    int held = hold(O_RDONLY, PROT_READ) + hold(O_RDWR, PROT_READ | PROT_WRITE);
    if (held == 2)
        puts("ESCAPED the memory limit: 512 MiB are held");
    return 0;
}
