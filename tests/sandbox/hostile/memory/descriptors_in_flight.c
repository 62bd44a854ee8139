// tries = "Sends itself pipes in messages it never reads: neither its descriptors nor its memory count."
// verdicts = ["WA", "MLE", "RTE"]
// because = "being stopped and being refused are both right, holding four times the limit is not"
// limits = { cpu_time_ms = 2000 }
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char block[1 << 16];

static int send_away(int through, int descriptor)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec byte = {"x", 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control};
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    return sendmsg(through, &message, MSG_DONTWAIT) == 1;
}

int main(void)
{
    int sockets[2], ends[2];
    long held = 0;
    while (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0)
        while (pipe2(ends, O_NONBLOCK) == 0) {
            long length = write(ends[1], block, sizeof block);
            int is_sent = send_away(sockets[0], ends[0]) && send_away(sockets[0], ends[1]);
            close(ends[0]);
            close(ends[1]);
            if (!is_sent)
                break;
            held += length > 0 ? length : 0;
        }
    printf("%ld MiB\n", held >> 20);
    if (held > 256L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
