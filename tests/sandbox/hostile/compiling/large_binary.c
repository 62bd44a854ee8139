// tries = "Makes the compiler write a program of gigabytes."
// verdicts = ["CE"]
__asm__(".data\n.fill 0x40000000, 8, 1\n.fill 0x40000000, 8, 1\n.text");

int main(void)
{
    return 0;
}
