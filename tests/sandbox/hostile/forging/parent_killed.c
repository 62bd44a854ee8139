// tries = "Prints the right answer and kills its parent, so that nobody can say how it ended."
// verdicts = ["RTE", "AC"]
// because = "the init dies of nothing a program sends, so that it ends well, or takes all with it"
// answer = "42"
// runs = 2
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    puts("42");
    fflush(stdout);
    for (int number = 1; number < 65; number++)
        if (number != SIGTERM)
            kill(getppid(), number);
    kill(1, SIGTERM);
    return 0;
}
