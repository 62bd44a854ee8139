// tries = "Ends its first thread, so that the process looks like a zombie while another one burns."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 500, wall_time_ms = 5000 }
#include <pthread.h>

static void *burn(void *nothing)
{
    for (volatile int n = 0;; n++)
        ;
    return nothing;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, burn, NULL);
    pthread_exit(NULL);
}
