// tries = "Leaves a daemon: new session, forked twice, no streams, every signal ignored."
// verdicts = ["WA"]
// wall_factor = 0.4
// runs = 2
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int number = 1; number < 65; number++)
                signal(number, SIG_IGN);
            for (int fd = 0; fd < 1024; fd++)
                close(fd);
            for (;;)
                sleep(600);
        }
        _exit(0);
    }
    puts("the parent ends");
    return 0;
}
