// tries = "Traces its init and strangers, and writes into their memory."
// verdicts = ["WA"]
// beside = true
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
    char path[32], byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    for (int pid = 1; pid < 200; pid++) {
        if (pid == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%d/mem", pid);
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 || ptrace(PTRACE_ATTACH, pid, 0, 0) == 0)
            printf("ESCAPED: traces %d\n", pid);
        if (process_vm_writev(pid, &here, 1, &there, 1, 0) > 0 || open(path, O_RDWR) >= 0)
            printf("ESCAPED into the memory of %d\n", pid);
    }
    puts("done");
    return 0;
}
