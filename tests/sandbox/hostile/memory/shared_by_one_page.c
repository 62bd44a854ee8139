// tries = "Unmaps all but one page of shared memory, which keeps the rest alive and uncounted."
// verdicts = ["MLE", "RTE", "WA"]
// because = "being stopped and being refused are both right, holding eight times the limit is not"
// limits = { cpu_time_ms = 2000 }
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define STEP (8UL << 20)

int main(void)
{
    for (int i = 0; i < 64; i++) {
        char *memory = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return 3;
        memset(memory, 1, STEP);
        munmap(memory + 4096, STEP - 4096);
    }
    puts("ESCAPED the memory limit: 512 MiB are held");
    return 0;
}
