// tries = "Recurses without end, a page at a time."
// verdicts = ["RTE", "MLE"]
// because = "the stack ends at its own limit or at that of memory, which are the same"
static int deeper(int n)
{
    volatile char page[4096];
    page[n & 4095] = 1;
    return deeper(n + 1) + page[5];
}

int main(void)
{
    return deeper(0);
}
