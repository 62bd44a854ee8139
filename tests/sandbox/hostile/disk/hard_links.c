// tries = "Links programs of the host into its folder and writes to them."
// verdicts = ["WA"]
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    const char *targets[] = {"/usr/bin/true", "/keeper", "/etc/passwd", "/proc/self/exe", "/box/main", "/dev/null"};
    for (int i = 0; i < 6; i++) {
        if (link(targets[i], "/tmp/hostile-mark") == 0 && i < 5 && open("/tmp/hostile-mark", O_WRONLY) >= 0)
            printf("ESCAPED into %s\n", targets[i]);
        unlink("/tmp/hostile-mark");
        if (i < 5 && (open(targets[i], O_WRONLY) >= 0 || truncate(targets[i], 0) == 0))
            printf("ESCAPED: %s can be written\n", targets[i]);
        if (chmod(targets[i], 0777) == 0 || chown(targets[i], 1000, 1000) == 0)
            printf("ESCAPED: %s can be changed\n", targets[i]);
    }
    puts("done");
    return 0;
}
