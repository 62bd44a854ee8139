// tries = "Asks the compiler by pragma and attribute to load code and write files."
// verdicts = ["CE", "WA"]
// because = "what a compiler does not know it may refuse or ignore"
#pragma GCC plugin "/tmp/hostile-mark.so"
#pragma GCC optimize("-fplugin=/tmp/hostile-mark.so", "-fdump-tree-all=/tmp/hostile-mark", "-o/tmp/hostile-mark")
#pragma GCC pch_preprocess "/tmp/hostile-mark"
#pragma GCC dependency "@secret_file@"
#include <stdio.h>

__attribute__((optimize("-fplugin=/tmp/hostile-mark.so"))) int main(void)
{
    puts("done");
    return 0;
}
