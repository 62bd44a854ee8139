// tries = "Includes what the compiler's own process holds: environment, arguments, input, maps."
// verdicts = ["CE"]
const char *environment = R"(
#include "/proc/self/environ"
)";
#include "/proc/self/environ"
#include "/proc/self/cmdline"
#include "/dev/stdin"
#include "/proc/self/fd/3"

int main()
{
    return environment[0];
}
