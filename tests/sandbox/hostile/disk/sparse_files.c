// tries = "Makes sparse files of terabytes and maps them."
// verdicts = ["WA", "RTE", "MLE"]
// because = "a signal, an error and the memory that mapped holes take are all honest ends"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    struct stat facts;
    int file = open("/tmp/hostile-mark", O_CREAT | O_RDWR, 0600);
    pwrite(file, "x", 1, 1L << 41);
    fallocate(file, 0, 0, 1L << 40);
    ftruncate(file, 1L << 42);
    fstat(file, &facts);
    if (facts.st_size > 16 << 20)
        puts("ESCAPED the limit on one file");
    fflush(stdout);
    volatile char *memory = mmap(NULL, 1UL << 30, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    for (long at = 0; at < 1L << 30; at += 4096)
        memory[at] = 1;
    return 0;
}
