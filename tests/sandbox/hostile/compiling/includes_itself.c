// tries = "Includes itself twice, twice as often with every level."
// verdicts = ["CE"]
#include __FILE__
#include __FILE__

int main(void)
{
    return 0;
}
