// tries = "Changes its input for the runs that follow, or what the service still has to read."
// verdicts = ["WA", "RTE"]
// because = "writing to the end of a pipe that only reads may end in a signal"
// stdin_bytes = 100000
// runs = 2
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int again = open("/proc/self/fd/0", O_RDWR);
    char first = 0;
    int is_changed = write(0, "y", 1) == 1 || ftruncate(0, 5) == 0 || fallocate(0, 0, 0, 1 << 20) == 0;
    is_changed |= mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0) != MAP_FAILED;
    if (again >= 0)
        is_changed |= pwrite(again, "y", 1, 0) == 1 || ftruncate(again, 5) == 0;
    if (read(0, &first, 1) == 1 && first != 'x')
        puts("ESCAPED: the input was changed by an earlier run");
    if (is_changed)
        puts("ESCAPED: the input can be changed");
    puts("done");
    return 0;
}
