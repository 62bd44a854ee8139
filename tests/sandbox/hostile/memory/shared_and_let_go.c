// tries = "Holds shared pages that no process maps any more: MADV_DONTNEED leaves them in their file."
// verdicts = ["MLE", "RTE", "WA"]
// because = "being stopped and being refused are both right, holding eight times the limit is not"
// limits = { cpu_time_ms = 2000 }
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define STEP (8UL << 20)
#define SIZE (512UL << 20)

int main(void)
{
    char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 3;
    for (size_t at = 0; at < SIZE; at += STEP) {
        memset(memory + at, 1, STEP);
        if (madvise(memory + at, STEP, MADV_DONTNEED) != 0)
            return 4;
    }
    for (size_t at = 0; at < SIZE; at += STEP)
        if (memory[at] != 1)
            return 5;
    puts("ESCAPED the memory limit: 512 MiB are held");
    return 0;
}
