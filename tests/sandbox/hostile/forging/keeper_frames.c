// tries = "Writes results as the keeper sends them into every descriptor there is."
// verdicts = ["WA", "OLE", "RTE"]
// because = "what goes to its own outputs counts as output; a refused stream may end in a signal"
// runs = 2
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    for (uint32_t kind = 0; kind < 12; kind++) {
        unsigned char frame[8 + 88] = {0};
        uint32_t length = sizeof frame - 8;
        memcpy(frame, &kind, 4);
        memcpy(frame + 4, &length, 4);
        for (int fd = 0; fd < 64; fd++) {
            (void)!write(fd, frame, sizeof frame);
            send(fd, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
    return 0;
}
