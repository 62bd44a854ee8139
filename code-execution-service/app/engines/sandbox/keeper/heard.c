/* Tells the service what a command writes while it runs, if somebody there listens. Whatever comes too fast, or while the
 * service does not read, is told later, or by the result in the end: nothing here waits for the service while the
 * command runs, and all that is held beside the kept outputs is one message. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERVAL_NS 10000000ULL /* between two messages: a program that writes byte by byte costs the service no more */
#define DELAY_NS 1000000ULL /* of the first piece: a line is often written in parts */
#define MESSAGE_BYTES 65536
#define MAX_PIECES 16

static struct {
    struct piece { /* read, and not told yet; two neighbours are never of the same stream */
        int stream;
        uint64_t bytes;
    } pieces[MAX_PIECES];
    int count;
    uint64_t told_bytes[2];
    uint64_t next_ns; /* nothing is told before */
    size_t length; /* of the message that is on its way */
    size_t sent;
    char message[MESSAGE_BYTES];
} heard;

void heard_begin(void)
{
    memset(&heard, 0, offsetof(typeof(heard), message));
}

/* When they change places more often than there is room for, the order between the streams is lost, never within one. */
void heard_add(int stream, uint64_t bytes)
{
    int last = heard.count - 1;
    if (heard.count == 0 && heard.next_ns < now_ns() + DELAY_NS)
        heard.next_ns = now_ns() + DELAY_NS;
    if (heard.count == MAX_PIECES && heard.pieces[last].stream != stream)
        last--;
    if (last >= 0 && heard.pieces[last].stream == stream)
        heard.pieces[last].bytes += bytes;
    else
        heard.pieces[heard.count++] = (struct piece){stream, bytes};
}

/* Puts as much of the piece into the message as there is room for. */
static void add_to_message(struct piece *piece)
{
    size_t room = MESSAGE_BYTES - heard.length;
    if (room <= sizeof(struct frame))
        return;
    room -= sizeof(struct frame);
    struct frame frame = {.kind = piece->stream == 0 ? REPLY_STDOUT : REPLY_STDERR,
                          .length = (uint32_t)(piece->bytes < room ? piece->bytes : room)};
    char *at = heard.message + heard.length;
    memcpy(at, &frame, sizeof frame);
    off_t from = (off_t)heard.told_bytes[piece->stream];
    if (pread(command_output(piece->stream), at + sizeof frame, frame.length, from) != (ssize_t)frame.length)
        die("reading the output");
    heard.length += sizeof frame + frame.length;
    heard.told_bytes[piece->stream] += frame.length;
    piece->bytes -= frame.length;
}

static void make_message(void)
{
    int done = 0;
    heard.length = heard.sent = 0;
    for (int i = 0; i < heard.count; i++)
        add_to_message(&heard.pieces[i]);
    while (done < heard.count && heard.pieces[done].bytes == 0)
        done++;
    heard.count -= done;
    memmove(heard.pieces, heard.pieces + done, (size_t)heard.count * sizeof(struct piece));
}

/* As much as the service's end takes now. */
static void push(int control)
{
    while (heard.sent < heard.length) {
        ssize_t part = send(control, heard.message + heard.sent, heard.length - heard.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (part < 0 && errno == EAGAIN)
            return;
        if (part < 0 && errno != EINTR)
            die("telling the output");
        if (part > 0)
            heard.sent += (size_t)part;
    }
}

/* When heard_tell() has something to do, if nothing else is written until then. */
uint64_t heard_next_ns(void)
{
    return heard.count > 0 || heard.sent < heard.length ? heard.next_ns : UINT64_MAX;
}

void heard_tell(int control)
{
    uint64_t now = now_ns();
    if (now < heard_next_ns())
        return;
    heard.next_ns = now + INTERVAL_NS;
    push(control);
    if (heard.sent < heard.length)
        return;
    make_message();
    push(control);
}

/* When nothing of the command is left: one message more, so that the last lines keep their order too. */
void heard_finish(int control)
{
    send_all(control, heard.message + heard.sent, heard.length - heard.sent);
    make_message();
    send_all(control, heard.message, heard.length);
    heard.length = heard.sent = 0;
}
