// tries = "Starts programs with megabytes of arguments and environment, deep into the kernel's buffers."
// verdicts = ["WA", "RTE", "MLE"]
// because = "it is refused, or what the kernel copies counts"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static char *arguments[10000], *variables[10000];
    char *text = malloc(131000);
    memset(text, 'x', 130999);
    text[130999] = 0;
    for (int count = 8; count < 9000; count *= 2) {
        for (int i = 0; i < count; i++)
            arguments[i] = variables[i] = text;
        arguments[count] = variables[count] = NULL;
        if (fork() == 0) {
            execve("/usr/bin/true", arguments, variables);
            perror("execve");
            _exit(0);
        }
        wait(NULL);
    }
    return 0;
}
