// tries = "Takes descriptors out of other processes, or lets them be sent over a socket."
// verdicts = ["WA"]
// beside = true
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    for (int pid = 1; pid < 400; pid++) {
        int process = pid == getpid() ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
        for (int fd = 0; process >= 0 && fd < 32; fd++)
            if (syscall(438, process, fd, 0) >= 0) /* pidfd_getfd */
                printf("ESCAPED: took descriptor %d of process %d\n", fd, pid);
    }
    struct sockaddr_un host = {.sun_family = AF_UNIX};
    strcpy(host.sun_path + 1, "@socket@");
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen("@socket@");
    if (client >= 0 && connect(client, (struct sockaddr *)&host, length) == 0)
        puts("ESCAPED: connected to the host");
    puts("done");
    return 0;
}
