// tries = "Includes a secret of the host, so that the compiler quotes it in its messages."
// verdicts = ["CE"]
// says = ["No such file"]
#include "@secret_file@"
#include "/proc/1/environ"
#include "/proc/@pid@/environ"

int main(void)
{
    return 0;
}
