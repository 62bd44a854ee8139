// tries = "Fills shared memory files and message queues by name."
// verdicts = ["WA", "MLE", "RTE"]
// because = "being stopped and being refused are both right, holding four times the limit is not"
// runs = 2
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    char name[64];
    long held = 0;
    if (shm_open("/hostile-mark", O_RDONLY, 0) >= 0 || mq_open("/hostile-mark", O_RDONLY) >= 0)
        puts("ESCAPED: something of an earlier run is here");
    shm_open("/hostile-mark", O_RDWR | O_CREAT, 0600);
    mq_open("/hostile-mark", O_RDWR | O_CREAT, 0600, NULL);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "/hostile-mark-%d", i);
        int file = shm_open(name, O_RDWR | O_CREAT, 0600);
        mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, NULL);
        for (int n = 0; n < 4 && write(file, block, sizeof block) > 0; n++)
            held += sizeof block;
        while (queue >= 0 && mq_send(queue, block, 8192, 0) == 0)
            held += 8192;
        close(file);
    }
    printf("%ld MiB\n", held >> 20);
    if (held > 256L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
