/* The control socket: requests in, replies out, one at a time; its end is the box's end. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_STRINGS 1024
#define MAX_REQUEST_BYTES (256 * 1024)
#define CHUNK_BYTES 65536

uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

/* Something of ours is broken: the service sees the socket close and reads the reason in stderr. */
noreturn void die(const char *what)
{
    fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void receive(int control, void *data, size_t length)
{
    for (char *at = data; length > 0;) {
        ssize_t part = read(control, at, length);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            die("reading a request");
        if (part == 0)
            _exit(0); /* the service has closed the box */
        at += part;
        length -= (size_t)part;
    }
}

static void reply(int control, const void *data, size_t length)
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

static void reply_frame(int control, enum reply_kind kind, const void *payload, size_t length)
{
    struct frame frame = {.kind = kind, .length = (uint32_t)length};
    reply(control, &frame, sizeof frame);
    reply(control, payload, length);
}

static void receive_into(int control, int file, uint64_t length)
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

/* Payload: a file name, NUL, the content. Sent before any program runs, so no link can lie in the way. */
static void put_file(int control, uint32_t length)
{
    char path[256] = BOX_DIRECTORY "/";
    size_t start = strlen(path), end = start;
    do {
        if (end == sizeof path || length-- == 0)
            die("a file name without end");
        receive(control, &path[end], 1);
    } while (path[end++] != 0);
    if (strchr(path + start, '/') != NULL)
        die("a file name with a slash");
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        die(path);
    receive_into(control, file, length);
    close(file);
    reply_frame(control, REPLY_DONE, NULL, 0);
}

static int memory_file(const char *name)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        die("memfd_create");
    return file;
}

/* Sealed, so that a program which ignores, closes, rereads or writes its stdin is nobody's problem. */
static int receive_stdin(int control, uint64_t length)
{
    int file = memory_file("stdin");
    receive_into(control, file, length);
    if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0
        || lseek(file, 0, SEEK_SET) != 0)
        die("sealing the input");
    return file;
}

static void send_file(int control, int file, uint64_t length)
{
    off_t offset = 0;
    while ((uint64_t)offset < length)
        if (sendfile(control, file, &offset, (size_t)(length - (uint64_t)offset)) < 0 && errno != EINTR)
            die("sending the output");
}

/* Splits the strings behind the command into argv and envp. */
static void parse_strings(struct invocation *invocation, char *text, char *end)
{
    static char *strings[MAX_STRINGS + 2];
    uint32_t argc = invocation->command.argc, count = argc + invocation->command.envc;
    if (argc == 0 || count > MAX_STRINGS)
        die("a command with too few or too many strings");
    char **at = strings;
    invocation->argv = at;
    for (uint32_t i = 0; i < count; i++) {
        if (i == argc) {
            *at++ = NULL;
            invocation->envp = at;
        }
        char *next = memchr(text, 0, (size_t)(end - text));
        if (next == NULL)
            die("a command whose strings do not end");
        *at++ = text;
        text = next + 1;
    }
    if (count == argc) {
        *at++ = NULL;
        invocation->envp = at;
    }
    *at = NULL;
}

static void run(int control, uint32_t length)
{
    static char payload[MAX_REQUEST_BYTES];
    struct invocation invocation;
    char failure[256] = "";
    if (length < sizeof invocation.command || length > sizeof payload)
        die("a command of a wrong size");
    receive(control, payload, length);
    memcpy(&invocation.command, payload, sizeof invocation.command);
    parse_strings(&invocation, payload + sizeof invocation.command, payload + length);
    invocation.streams[0] = receive_stdin(control, invocation.command.stdin_bytes);
    int output_files[2] = {memory_file("stdout"), memory_file("stderr")};
    struct result result = run_command(control, &invocation, output_files, failure);
    if (failure[0] != 0) {
        reply_frame(control, REPLY_FAILURE, failure, strlen(failure));
    } else {
        reply_frame(control, REPLY_RESULT, &result, sizeof result);
        send_file(control, output_files[0], result.stdout_bytes);
        send_file(control, output_files[1], result.stderr_bytes);
    }
    close(invocation.streams[0]);
    close(output_files[0]);
    close(output_files[1]);
}

/* What bubblewrap has no option for. */
static void finish_box(const char *box_bytes)
{
    char options[128];
    sigset_t all;
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) { /* a host that runs out of memory shall kill what runs in boxes first */
        if (write(file, "1000", 4) != 4)
            die("oom_score_adj");
        close(file);
    }
    snprintf(options, sizeof options, "mode=0700,size=%s,nr_inodes=%d", box_bytes, MAX_SCRATCH_FILES);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("tmpfs", BOX_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        die("mounting the box");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        die("PR_SET_DUMPABLE");
    /* Else programs would possess the keys of whoever started the service, and init.c would clear them. Where a
     * seccomp filter forbids keyctl to us, it forbids it to them. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != EPERM && errno != ENOSYS)
        die("a session keyring");
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&all); /* inherited by the inits, which wait for signals; programs start with none blocked */
    sigprocmask(SIG_SETMASK, &all, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: keeper CONTROL_FD BOX_BYTES\n", stderr);
        return 2;
    }
    int control = atoi(argv[1]);
    if (fcntl(control, F_SETFD, FD_CLOEXEC) != 0)
        die("the control socket");
    finish_box(argv[2]);
    reply_frame(control, REPLY_DONE, NULL, 0); /* ready */
    for (;;) {
        struct frame frame;
        receive(control, &frame, sizeof frame);
        if (frame.kind == REQUEST_PUT_FILE)
            put_file(control, frame.length);
        else if (frame.kind == REQUEST_RUN)
            run(control, frame.length);
        else
            die("an unknown request");
    }
}
