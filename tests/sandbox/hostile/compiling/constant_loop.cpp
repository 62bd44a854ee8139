// tries = "Lets the compiler run a loop that never ends."
// verdicts = ["CE"]
constexpr unsigned long endless()
{
    unsigned long n = 1;
    while (n != 0)
        n += 2;
    return n;
}
constexpr unsigned long value = endless();

int main()
{
    return value;
}
