// tries = "Fills memory files that no process maps."
// verdicts = ["MLE", "RTE", "WA"]
// because = "being stopped and being refused are both right, holding four times the limit is not"
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    long held = 0;
    for (int files = 0; files < 200; files++) {
        int file = memfd_create("hostile-mark", 0);
        if (file < 0)
            file = (int)syscall(447, 0); /* memfd_secret */
        for (int i = 0; i < 3 && write(file, block, sizeof block) == (ssize_t)sizeof block; i++)
            held++;
    }
    printf("%ld MiB\n", held);
    if (held > 256)
        puts("ESCAPED the memory limit");
    return 0;
}
