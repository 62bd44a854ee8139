/* Reading and writing the control socket. Its end is the end of whoever reads it: nobody waits for us any more. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

void receive(int control, void *data, size_t length)
{
    for (char *at = data; length > 0;) {
        ssize_t part = read(control, at, length);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            die("reading a request");
        if (part == 0)
            _exit(0);
        at += part;
        length -= (size_t)part;
    }
}

/* Reads a frame and the descriptors that came with it, -1 for each that did not. */
void receive_frame(int control, struct frame *frame, int descriptors[MAX_DESCRIPTORS])
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MAX_DESCRIPTORS * sizeof(int))];
    } ancillary;
    struct iovec part = {frame, sizeof *frame};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = sizeof ancillary};
    ssize_t length;
    for (int i = 0; i < MAX_DESCRIPTORS; i++)
        descriptors[i] = -1;
    do
        length = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        die("reading a request");
    if (length == 0)
        _exit(0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    receive(control, (char *)frame + length, sizeof *frame - (size_t)length);
}

void receive_into(int control, int file, uint64_t length)
{
    static char chunk[CHUNK_BYTES];
    while (length > 0) {
        size_t part = length < sizeof chunk ? (size_t)length : sizeof chunk;
        receive(control, chunk, part);
        if (write(file, chunk, part) != (ssize_t)part)
            die("storing what the service sent");
        length -= part;
    }
}

void send_all(int control, const void *data, size_t length)
{
    for (const char *at = data; length > 0;) {
        ssize_t part = write(control, at, length);
        if (part < 0 && errno != EINTR)
            die("writing a reply");
        if (part > 0) {
            at += part;
            length -= (size_t)part;
        }
    }
}

void reply(int control, enum reply_kind kind, const void *payload, size_t length)
{
    char message[sizeof(struct frame) + 512];
    struct frame frame = {.kind = kind, .length = (uint32_t)length};
    if (length > sizeof message - sizeof frame)
        die("a reply that is too long");
    memcpy(message, &frame, sizeof frame);
    if (length > 0)
        memcpy(message + sizeof frame, payload, length);
    send_all(control, message, sizeof frame + length);
}

void reply_descriptor(int control, enum reply_kind kind, int descriptor)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } ancillary = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS}};
    struct frame frame = {.kind = kind};
    struct iovec part = {&frame, sizeof frame};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = sizeof ancillary};
    memcpy(CMSG_DATA(&ancillary.header), &descriptor, sizeof descriptor);
    if (sendmsg(control, &message, 0) != (ssize_t)sizeof frame)
        die("handing a descriptor over");
}

void send_file(int control, int file, uint64_t length)
{
    off_t offset = 0;
    while ((uint64_t)offset < length)
        if (sendfile(control, file, &offset, (size_t)(length - (uint64_t)offset)) < 0 && errno != EINTR)
            die("sending the output");
}

int memory_file(const char *name)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        die("memfd_create");
    return file;
}
