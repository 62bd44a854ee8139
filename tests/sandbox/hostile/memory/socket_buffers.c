// tries = "Fills the buffers of socket pairs that nobody reads."
// verdicts = ["WA", "MLE", "RTE"]
// limits = { cpu_time_ms = 2000 }
// because = "what the kernel lets a socket hold may be counted or refused"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static char block[1 << 16];

int main(void)
{
    int ends[2], size = 1 << 24;
    long held = 0;
    while (held < 256L << 20 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0)
        for (int i = 0; i < 2; i++) {
            setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
            for (ssize_t length; (length = write(ends[i], block, sizeof block)) > 0;)
                held += length;
        }
    printf("%ld MiB\n", held >> 20);
    if (held > 128L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
