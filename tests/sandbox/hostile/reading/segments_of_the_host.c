// tries = "Attaches shared memory of the host by its number, and reads all that is listed."
// verdicts = ["WA"]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

int main(void)
{
    char *memory = shmat(atoi("@segment@"), NULL, SHM_RDONLY);
    if (memory != (void *)-1)
        printf("ESCAPED to %.32s\n", memory);
    for (int id = 0; id < 70000; id++) {
        memory = shmat(id, NULL, SHM_RDONLY);
        if (memory != (void *)-1)
            printf("ESCAPED to segment %d: %.32s\n", id, memory);
    }
    puts("done");
    return 0;
}
