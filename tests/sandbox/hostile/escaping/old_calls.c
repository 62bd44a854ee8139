// tries = "Calls the kernel in its 32-bit and x32 tongues, which a filter of 64-bit numbers may not know."
// verdicts = ["WA", "RTE"]
// because = "a call in a foreign tongue may be refused or deadly"
// machine = "x86_64"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static long call_32(long number, long first, long second)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(0L), "S"(0L), "D"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static void attempt(const char *what, int is_32, long number, long first, long second)
{
    if (fork() == 0) {
        long result = is_32 ? call_32(number, first, second) : syscall(0x40000000 | number, first, second, 0, 0, 0);
        if (result >= 0)
            printf("ESCAPED by %s\n", what);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

int main(void)
{
    fflush(stdout);
    attempt("getpid of 32 bits", 1, 20, 0, 0);
    attempt("unshare of 32 bits", 1, 310, 0x10000000, 0);
    attempt("socketcall of 32 bits", 1, 102, 1, 0);
    attempt("keyctl of 32 bits", 1, 288, 0, -3);
    attempt("memfd_create of 32 bits", 1, 356, 0x400000, 0);
    attempt("io_uring_setup of 32 bits", 1, 425, 4, 0);
    attempt("vm86", 1, 166, 0, 0);
    attempt("getpid of x32", 0, 39, 0, 0);
    attempt("unshare of x32", 0, 272, 0x10000000, 0);
    attempt("keyctl of x32", 0, 250, 0, -3);
    puts("done");
    return 0;
}
