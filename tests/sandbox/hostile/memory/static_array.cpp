// tries = "Declares a gigabyte and touches it from the far end."
// verdicts = ["MLE"]
static char data[1 << 30];

int main()
{
    for (long i = sizeof data - 1; i >= 0; i -= 4096)
        data[i] = 1;
    return data[5];
}
