// tries = "Kills itself with the signals by which limits kill."
// verdicts = ["RTE"]
#include <signal.h>
#include <unistd.h>

int main(void)
{
    const int signals[] = {SIGXCPU, SIGXFSZ, SIGKILL, SIGSYS};
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            raise(signals[i]);
            _exit(0);
        }
    usleep(20000);
    raise(SIGXCPU);
    return 0;
}
