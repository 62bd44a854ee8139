// tries = "Opens all kinds of descriptors until it is refused, in every process it can start."
// verdicts = ["WA", "RTE", "MLE"]
// because = "descriptors are memory of the kernel, which may be counted"
// beside = true
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    struct rlimit much = {1 << 20, 1 << 20};
    int ends[2], count = 0;
    if (setrlimit(RLIMIT_NOFILE, &much) == 0)
        puts("ESCAPED the hard limit on descriptors");
    fflush(stdout);
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            break;
    while (pipe(ends) == 0 || epoll_create1(0) >= 0 || eventfd(0, 0) >= 0 || open("/dev/null", O_RDONLY) >= 0)
        if (timerfd_create(CLOCK_MONOTONIC, 0) < 0 || count++ > 100000)
            break;
    if (count > 100000)
        puts("ESCAPED the limit on descriptors");
    usleep(300000);
    return 0;
}
