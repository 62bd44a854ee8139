// tries = "Moves the position of its input, which a next run or the service may share."
// verdicts = ["WA"]
// stdin_bytes = 1000
// runs = 2
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char all[2000];
    ssize_t length = read(0, all, sizeof all);
    lseek(0, 500, SEEK_SET);
    if (length != 1000)
        printf("ESCAPED: %zd bytes of input\n", length);
    puts("done");
    return 0;
}
