// tries = "Fills its process limit with zombies that it never waits for."
// verdicts = ["WA"]
// runs = 2
// wall_factor = 0.6
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int count = 0;
    for (pid_t pid; (pid = fork()) >= 0; count++)
        if (pid == 0)
            _exit(0);
    printf("%d zombies\n", count);
    if (count > 16)
        puts("ESCAPED the limit on processes");
    return 0;
}
