// tries = "Touches one page in every 2 MiB, so that page tables take as much memory as pages."
// verdicts = ["MLE"]
// limits = { cpu_time_ms = 3000 }
#include <sys/mman.h>

int main(void)
{
    const unsigned long size = 1UL << 40;
    char *memory = mmap(0, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 3;
    madvise(memory, size, MADV_NOHUGEPAGE);
    for (unsigned long at = 0; at < size; at += 2UL << 20)
        memory[at] = 1;
    return 0;
}
