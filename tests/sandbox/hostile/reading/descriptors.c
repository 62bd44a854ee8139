// tries = "Uses descriptors that somebody forgot to close, and opens its streams again for more."
// verdicts = ["WA"]
// runs = 2
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    char path[64], target[256];
    for (int fd = 3; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("ESCAPED: descriptor %d is open\n", fd);
    for (int fd = 0; fd < 3; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        if (target[0] == '/' && strncmp(target, "/memfd:", 7) != 0 && strncmp(target, "/dev/null", 9) != 0)
            printf("ESCAPED to %s\n", target);
    }
    puts("done");
    return 0;
}
