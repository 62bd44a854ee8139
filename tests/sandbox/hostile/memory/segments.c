// tries = "Fills System V segments and detaches them, and leaves semaphores and a queue behind."
// verdicts = ["WA", "MLE", "RTE"]
// because = "being stopped and being refused are both right, holding four times the limit is not"
// runs = 2
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(void)
{
    const key_t mark = 0x686f7374;
    long held = 0;
    if (shmget(mark, 0, 0) >= 0 || semget(mark, 0, 0) >= 0 || msgget(mark, 0) >= 0)
        puts("ESCAPED: something of an earlier run is here");
    shmget(mark, 4096, IPC_CREAT | 0600);
    semget(mark, 1, IPC_CREAT | 0600);
    msgget(mark, IPC_CREAT | 0600);
    while (held < 256) {
        int segment = shmget(IPC_PRIVATE, 8 << 20, 0600);
        char *memory = shmat(segment, NULL, 0);
        if (segment < 0 || memory == (void *)-1)
            break;
        memset(memory, 1, 8 << 20);
        shmdt(memory);
        held += 8;
    }
    printf("%ld MiB\n", held);
    if (held >= 256)
        puts("ESCAPED the memory limit");
    return 0;
}
