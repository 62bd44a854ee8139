// tries = "Reads the kernel's log, addresses, keys and memory."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static char text[1 << 16];
    const char *paths[] = {"/proc/kcore", "/proc/kmsg", "/dev/kmsg", "/dev/mem", "/dev/port", "/proc/kpageflags",
                           "/proc/vmallocinfo", "/proc/iomem", "/proc/slabinfo", "/sys/kernel/debug", "/proc/kpagecount"};
    for (int i = 0; i < 11; i++) {
        int file = open(paths[i], O_RDONLY);
        ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
        if (length > 0 && strcmp(paths[i], "/proc/iomem") != 0)
            printf("ESCAPED to %s\n", paths[i]);
    }
    if (klogctl(3, text, sizeof text) > 0)
        puts("ESCAPED to the kernel's log");
    FILE *symbols = fopen("/proc/kallsyms", "r");
    unsigned long address = 0;
    if (symbols != NULL && fscanf(symbols, "%lx", &address) == 1 && address != 0)
        puts("ESCAPED to the kernel's addresses");
    FILE *keys = fopen("/proc/keys", "r");
    while (keys != NULL && fgets(text, sizeof text, keys) != NULL)
        if (strstr(text, "host-secret") != NULL)
            puts("ESCAPED to the host's keys");
    puts("done");
    return 0;
}
