// tries = "Instantiates templates that instantiate two more each, deeper than is allowed."
// verdicts = ["CE"]
template <int N, int M> struct Tree {
    static constexpr int value = Tree<N - 1, 2 * M>::value + Tree<N - 1, 2 * M + 1>::value;
};

int main()
{
    return Tree<5000, 0>::value;
}
