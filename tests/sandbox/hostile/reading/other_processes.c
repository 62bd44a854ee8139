// tries = "Reads memory, descriptors and folders of every process that /proc shows or a number names."
// verdicts = ["WA"]
// beside = true
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static void look(int pid)
{
    const char *names[] = {"mem", "environ", "maps", "fd/0", "fd/3", "root/etc/shadow", "cwd/.", "exe", "stack",
                           "map_files", "ns/mnt", "syscall", "fdinfo/3", "task", "auxv", "io"};
    char path[64], room[16];
    struct iovec here = {room, 16}, there = {(void *)0x400000, 16};
    for (int i = 0; i < 16; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
        if (open(path, O_RDONLY) >= 0)
            printf("ESCAPED to %s\n", path);
    }
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) > 0)
        printf("ESCAPED into the memory of %d\n", pid);
}

int main(void)
{
    for (int pid = 1; pid < 400; pid++)
        if (pid != getpid())
            look(pid);
    if (atoi("@pid@") != getpid())
        look(atoi("@pid@"));
    puts("done");
    return 0;
}
