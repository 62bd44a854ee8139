// tries = "Hangs attributes on files, which are memory of the kernel."
// verdicts = ["WA", "MLE", "RTE"]
// because = "being stopped and being refused are both right, holding the limit's worth is not"
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

static char value[1 << 16];

int main(void)
{
    char file[32], name[32];
    long held = 0;
    for (int i = 0; i < 2000 && held < 128L << 20; i++) {
        snprintf(file, sizeof file, "/tmp/hostile-mark-%d", i);
        close(open(file, O_CREAT | O_WRONLY, 0600));
        for (int n = 0; n < 100; n++) {
            snprintf(name, sizeof name, "user.%d", n);
            if (setxattr(file, name, value, sizeof value - 1, 0) != 0)
                break;
            held += sizeof value;
        }
    }
    printf("%ld MiB\n", held >> 20);
    if (held >= 128L << 20)
        puts("ESCAPED the memory limit");
    return 0;
}
