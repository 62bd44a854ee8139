// tries = "Prints the right answer, goes over the memory limit and ends well before anybody looks."
// verdicts = ["MLE"]
// answer = "42"
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main()
{
    std::puts("42");
    std::fflush(stdout);
    volatile char *memory = static_cast<char *>(std::malloc(160 << 20));
    for (int at = 0; at < 160 << 20; at += 4096)
        memory[at] = 1;
    _exit(0);
}
