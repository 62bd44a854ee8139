// tries = "Finds memory that it shares with its init, and writes a good end into it."
// verdicts = ["RTE"]
#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[512], permissions[8];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx %7s", &start, &end, permissions) == 3 && permissions[3] == 's') {
            printf("ESCAPED: shares %s", line);
            if (permissions[1] == 'w')
                memset((void *)start, 0, end - start);
        }
    return 3;
}
