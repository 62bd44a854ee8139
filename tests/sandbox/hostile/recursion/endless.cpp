// tries = "Throws in a destructor chain that recurses while the stack is unwound."
// verdicts = ["RTE", "MLE"]
// because = "it is terminated or runs out of stack"
struct Deeper {
    int n;
    ~Deeper() noexcept(false)
    {
        volatile char page[4096];
        page[n & 4095] = 1;
        Deeper next{n + 1};
        if (n > 1 << 30)
            throw n;
    }
};

int main()
{
    Deeper first{0};
}
