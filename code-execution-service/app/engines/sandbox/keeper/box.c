/* A box: the files of one submission, and one command after the other on them. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SMALL_OUTPUT_BYTES 16384

static void write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
        die(path);
    close(file);
}

/* Maps our one user and group to themselves; user_namespaces(7) allows that without a privilege. */
static void map_user(uid_t user)
{
    char map[64];
    if (getuid() == user) /* the lane's user namespace, see box_namespaces() */
        return;
    snprintf(map, sizeof map, "%u %u 1\n", user, user);
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", map);
    write_text("/proc/self/gid_map", map);
}

/* A /proc that shows this box only, and (hidepid) of that only what the reader may trace, which is not us. Through it
 * user namespaces below ours are forbidden. */
static void mount_proc(void)
{
    if (access("/proc/self", F_OK) != 0)
        return;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") != 0)
        die("mounting /proc");
    write_text("/proc/sys/user/max_user_namespaces", "0");
}

static void keep_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = kept, .permitted = kept}};
    if (syscall(SYS_capset, &header, data) != 0)
        die("capset");
}

static void finish_box(const struct lane *lane)
{
    char options[128];
    map_user(lane->user);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        die("making mounts private");
    mount_proc();
    snprintf(options, sizeof options, "mode=0755,size=%s,nr_inodes=%d", lane->box_bytes, MAX_FILES);
    if (mount("tmpfs", BOX_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        die("mounting the box");
    /* mount, give up capabilities, read a process's memory counts */
    keep_capabilities(1U << CAP_SYS_ADMIN | 1U << CAP_SETPCAP | 1U << CAP_SYS_PTRACE);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        die("PR_SET_DUMPABLE");
}

/* Makes the folders of a name like "data/words.txt". */
static void make_folders(char *path, char *name)
{
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            die(path);
        *slash = '/';
    }
}

/* Payload: a file name, NUL, the content. Sent before any program that could write there runs, so no link can lie in the
 * way. Returns the length of the content. */
static uint32_t put_file(int control, const char *directory, uint32_t length)
{
    char path[256];
    size_t end = (size_t)snprintf(path, sizeof path, "%s/", directory), start = end;
    do {
        if (end == sizeof path || length-- == 0)
            die("a file name without end");
        receive(control, &path[end], 1);
    } while (path[end++] != 0);
    make_folders(path, path + start);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        die(path);
    receive_into(control, file, length);
    close(file);
    reply(control, REPLY_DONE, NULL, 0);
    return length;
}

static void unpack_archive(int control, int archive)
{
    if (archive < 0)
        die("an archive without its descriptor");
    if (unpack(archive) != 0)
        die("unpacking an archive");
    close(archive);
    reply(control, REPLY_DONE, NULL, 0);
}

static void pack_archive(int control)
{
    int archive = memory_file("archive");
    if (pack(archive) == 0) {
        if (fcntl(archive, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
            die("sealing an archive");
        reply_descriptor(control, REPLY_ARCHIVE, archive);
    } else {
        reply(control, REPLY_ARCHIVE, NULL, 0);
    }
    close(archive);
}

/* Puts pointers to so many of the strings at `text`, and NULL, where `at` points to; returns where they begin. */
static char **take_strings(char ***at, uint32_t count, char **text, const char *end)
{
    char **first = *at;
    for (; count > 0; count--) {
        char *next = memchr(*text, 0, (size_t)(end - *text));
        if (next == NULL)
            die("a command whose strings do not end");
        *(*at)++ = *text;
        *text = next + 1;
    }
    *(*at)++ = NULL;
    return first;
}

static void parse_strings(struct shared *shared, char *text, const char *end)
{
    const struct command *command = &shared->command;
    char **at = shared->strings;
    if (command->argc == 0 || command->resultc > MAX_RESULT_FILES
        || (uint64_t)command->argc + command->envc + command->resultc > MAX_STRINGS)
        die("a command with too few or too many strings");
    shared->argv = take_strings(&at, command->argc, &text, end);
    shared->envp = take_strings(&at, command->envc, &text, end);
    shared->results = take_strings(&at, command->resultc, &text, end);
}

/* Sealed, so that a program which ignores, closes, rereads or writes its stdin is nobody's problem. */
static void receive_stdin(int control, uint64_t length)
{
    int file = command_stdin();
    receive_into(control, file, length);
    if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0
        || lseek(file, 0, SEEK_SET) != 0)
        die("sealing the input");
}

/* Small outputs go with their result in one message. */
static void reply_result(int control, const struct result *result)
{
    static char message[sizeof(struct frame) + sizeof *result + 2 * SMALL_OUTPUT_BYTES];
    struct frame frame = {.kind = REPLY_RESULT, .length = sizeof *result};
    size_t length = sizeof frame + sizeof *result;
    memcpy(message, &frame, sizeof frame);
    memcpy(message + sizeof frame, result, sizeof *result);
    uint64_t bytes[2] = {result->stdout_bytes, result->stderr_bytes};
    int are_small = bytes[0] <= SMALL_OUTPUT_BYTES && bytes[1] <= SMALL_OUTPUT_BYTES;
    for (int i = 0; are_small && i < 2; i++) {
        if (pread(command_output(i), message + length, bytes[i], 0) != (ssize_t)bytes[i])
            die("reading the output");
        length += bytes[i];
    }
    send_all(control, message, length);
    for (int i = 0; !are_small && i < 2; i++)
        send_file(control, command_output(i), bytes[i]);
    if (result->result_files_bytes > 0)
        send_file(control, command_result_files(), result->result_files_bytes);
}

/* The command that is ready has streams of ours: another one takes its place. */
static void connect_command(const struct lane *lane, const int streams[MAX_DESCRIPTORS])
{
    if (streams[0] < 0 || streams[1] < 0)
        die("streams without their descriptors");
    command_discard();
    command_prepare(lane, streams);
    close(streams[0]); /* or whoever reads the other end of stdout would never see its end */
    close(streams[1]);
    reply(lane->control, REPLY_DONE, NULL, 0);
}

static void run(const struct lane *lane, uint32_t length)
{
    struct shared *shared = command_shared();
    char failure[256] = "";
    if (length < sizeof shared->command || length - sizeof shared->command > sizeof shared->payload)
        die("a command of a wrong size");
    receive(lane->control, &shared->command, sizeof shared->command);
    length -= (uint32_t)sizeof shared->command;
    receive(lane->control, shared->payload, length);
    parse_strings(shared, shared->payload, shared->payload + length);
    receive_stdin(lane->control, shared->command.stdin_bytes);
    struct result result = command_run(failure);
    if (failure[0] != 0)
        reply(lane->control, REPLY_FAILURE, failure, strlen(failure));
    else
        reply_result(lane->control, &result);
    command_finish();
    command_prepare(lane, NULL);
}

noreturn void box_main(const struct lane *lane)
{
    finish_box(lane);
    command_prepare(lane, NULL);
    reply(lane->control, REPLY_DONE, NULL, 0); /* ready */
    for (;;) {
        struct frame frame;
        int descriptors[MAX_DESCRIPTORS];
        receive_frame(lane->control, &frame, descriptors);
        switch (frame.kind) {
        case REQUEST_PUT_FILE:
            put_file(lane->control, BOX_DIRECTORY, frame.length);
            break;
        case REQUEST_UNPACK:
            unpack_archive(lane->control, descriptors[0]);
            break;
        case REQUEST_PUT_INPUT:
            command_add_input(put_file(lane->control, SCRATCH_DIRECTORY, frame.length));
            break;
        case REQUEST_CONNECT:
            connect_command(lane, descriptors);
            break;
        case REQUEST_STOP: /* too late: it has ended */
            break;
        case REQUEST_RUN:
            run(lane, frame.length);
            break;
        case REQUEST_PACK:
            pack_archive(lane->control);
            break;
        case REQUEST_END:
            _exit(0);
        default:
            die("an unknown request to the box");
        }
    }
}
