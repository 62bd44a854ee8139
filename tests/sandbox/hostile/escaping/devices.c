// tries = "Makes device nodes for disks and memory, and opens those that may be there."
// verdicts = ["WA"]
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int main(void)
{
    const int numbers[][2] = {{1, 1}, {1, 2}, {8, 0}, {253, 0}, {254, 0}, {259, 0}, {7, 0}, {10, 229}, {10, 232}, {5, 0}};
    const char *harmless = " . .. null zero full random urandom fd stdin stdout stderr shm ";
    char name[300];
    for (int i = 0; i < 10; i++)
        for (int kind = 0; kind < 2; kind++) {
            unlink("/tmp/hostile-mark");
            if (mknod("/tmp/hostile-mark", (kind ? S_IFBLK : S_IFCHR) | 0600, makedev(numbers[i][0], numbers[i][1])) == 0
                && open("/tmp/hostile-mark", O_RDWR) >= 0)
                printf("ESCAPED to device %d:%d\n", numbers[i][0], numbers[i][1]);
        }
    DIR *devices = opendir("/dev");
    for (struct dirent *entry; devices != NULL && (entry = readdir(devices)) != NULL;) {
        snprintf(name, sizeof name, " %s ", entry->d_name);
        if (strstr(harmless, name) == NULL)
            printf("ESCAPED: there is a /dev/%s\n", entry->d_name);
    }
    puts("done");
    return 0;
}
