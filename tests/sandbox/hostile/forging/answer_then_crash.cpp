// tries = "Prints the right answer and crashes in a destructor after main()."
// verdicts = ["RTE"]
// answer = "42"
#include <iostream>

struct Last {
    ~Last() { *(volatile int *)0 = 1; }
} last;

int main()
{
    std::cout << 42 << std::endl;
}
