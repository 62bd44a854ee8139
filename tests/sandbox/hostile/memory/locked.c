// tries = "Locks all it takes into memory and asks for huge pages."
// verdicts = ["MLE", "RTE"]
// because = "the lock is refused or the memory counts as soon as it is mapped"
#include <stdlib.h>
#include <sys/mman.h>

int main(void)
{
    mlockall(MCL_CURRENT | MCL_FUTURE);
    mmap(NULL, 64UL << 20, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
    char *memory = mmap(NULL, 512UL << 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory == MAP_FAILED ? 3 : 4;
}
