/* The keeper: the only processes of ours behind bubblewrap's walls. They start commands and report facts.
 *
 *   main.c       the lane: makes one box after the other, and waits until each is gone
 *   box.c        a box: answers the service's requests over the control socket until it is told to end
 *   archive.c    the files of a box, packed to be put into another box of the same submission
 *   command.c    gets the next command ready, starts it, watches it until nothing of it is left
 *   heard.c      tells what a command writes while it runs
 *   program.c    the program from its fork to its exec
 *   filter.c     which system calls a program may make
 *   usage.c      what the processes of a command use right now
 *   wire.c       reading and writing the control socket
 *
 * Who is who, from the outside in. Bubblewrap made the lane: a root with nothing but toolchains, no network, a user
 * namespace in which we may make more. Per submission the lane clones a box into user, pid and mount namespaces of its
 * own, with this keeper as pid 1. It starts one command after the other, each with a fresh /tmp, and kills and reaps all
 * of one before the next. The program is the same user, but the keeper holds capabilities that it does not, and for that
 * the kernel refuses it everything (tracing, scheduling, descriptors, even the sight of it in /proc) but signals, and
 * those a pid 1 does not get from inside. Nothing of a box survives it but the lane, which never runs anything else.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Wire format, in step with keeper_protocol.py and plain_keeper/wire.py. Both ends run on one machine: native byte order. */

enum request_kind {
    REQUEST_OPEN = 1,     /* to the lane: make a box */
    REQUEST_PUT_FILE = 2, /* from here on to the box */
    REQUEST_UNPACK = 3,   /* comes with an archive's descriptor */
    REQUEST_RUN = 4,
    REQUEST_PACK = 5,
    REQUEST_END = 6,
    REQUEST_PUT_INPUT = 7, /* a file for the next command, in its working directory */
    REQUEST_CONNECT = 8,   /* comes with the descriptors that are the next command's stdin and stdout */
    REQUEST_STOP = 9,      /* ends the command that runs; nothing if none does */
};
enum reply_kind {
    REPLY_DONE = 1,
    REPLY_RESULT = 2,
    REPLY_FAILURE = 3,
    REPLY_ARCHIVE = 4, /* comes with the archive's descriptor; without one if the files can't be packed */
    REPLY_GONE = 5,    /* from the lane: nothing is left of the box */
    REPLY_STDOUT = 6,  /* what a command that is heard wrote since the last of them; a result follows in the end */
    REPLY_STDERR = 7,
};

struct frame { /* what every message starts with; `length` bytes follow */
    uint32_t kind;
    uint32_t length;
};

struct command { /* then argc + envc + resultc strings, each ended by NUL; after the frame stdin_bytes of input */
    uint64_t cpu_time_ns;
    uint64_t wall_time_ns;
    uint64_t memory_bytes;
    uint64_t output_bytes;
    uint64_t file_bytes;
    uint64_t stdin_bytes;
    uint64_t result_file_bytes; /* of each result file at most so much is sent */
    uint32_t processes;
    uint32_t is_box_writable; /* compile: /box is writable and the working directory */
    uint32_t argc;
    uint32_t envc;
    uint32_t resultc; /* names of result files in FEEDBACK_DIRECTORY, which is there if there are any */
    uint32_t is_heard; /* its outputs are told while it runs */
};

enum outcome { ENDED = 0, TIME_LIMIT = 1, WALL_LIMIT = 2, MEMORY_LIMIT = 3, OUTPUT_LIMIT = 4 };

struct result { /* then stdout_bytes and stderr_bytes of output, then result_files_bytes */
    uint32_t outcome; /* the first limit that was exceeded, or ENDED */
    int32_t exit_code; /* of the main process, -1 if a signal ended it */
    int32_t signal; /* that ended the main process, 0 if it exited */
    uint32_t padding;
    uint64_t cpu_time_ns; /* all processes together */
    uint64_t wall_time_ns; /* from the start of the main process to its end */
    uint64_t memory_bytes; /* peak of all processes together, as far as we see it */
    uint64_t stdout_bytes;
    uint64_t stderr_bytes;
    uint64_t result_files_bytes; /* per wanted file its size, NO_FILE if there is none, and as much of it as is wanted */
};

#define NO_FILE UINT64_MAX

#define MAX_STRINGS 1024
#define MAX_RESULT_FILES 8
#define MAX_PAYLOAD_BYTES (256 * 1024)

#define MAX_DESCRIPTORS 2 /* that come with one request */

/* What keeper and program-to-be share for one command after the other; unmapped in the program by its exec. */
struct shared {
    volatile uint64_t started_ns; /* 0 until the program starts */
    char failure[256]; /* why it could not be started; empty if it could */
    struct command command;
    char **argv; /* all three point into `strings` */
    char **envp;
    char **results;
    char *strings[MAX_STRINGS + 3];
    char payload[MAX_PAYLOAD_BYTES];
};

struct usage {
    uint64_t cpu_time_ns;
    uint64_t memory_bytes;
};

/* The cgroup of the lane's commands, made by the service; what it can't give is -1. */
#define MAX_ATTACH 4
struct cgroup {
    int attach[MAX_ATTACH]; /* a process that writes "0" here is in */
    int cpu_usage; /* a number of ns (v1), or lines of which the first is "usage_usec N" (v2) */
};

struct lane {
    int control;
    const char *box_bytes;
    uid_t user; /* who programs are */
    int is_memory_watched; /* by us, because no cgroup does it */
    struct cgroup cgroup;
};

#define BOX_DIRECTORY "/box" /* the submission's files and what the compiler made of them */
#define SCRATCH_DIRECTORY "/tmp" /* fresh for every command */
#define FEEDBACK_DIRECTORY SCRATCH_DIRECTORY "/feedback"
#define MAX_FILES 16384 /* inodes: they cost kernel memory that no size limit counts */

/* box.c */
noreturn void box_main(const struct lane *lane);
/* archive.c: 0, or -1 if it can't be done */
int pack(int archive);
int unpack(int archive);
uint64_t collect(int file, char **names, uint64_t file_bytes);
/* command.c */
void command_prepare(const struct lane *lane, const int *streams);
void command_discard(void);
void command_add_input(uint64_t bytes);
struct shared *command_shared(void);
int command_stdin(void);
struct result command_run(char failure[256]);
int command_output(int index);
int command_result_files(void);
void command_finish(void);
/* heard.c */
void heard_begin(void);
void heard_add(int stream, uint64_t bytes);
uint64_t heard_next_ns(void);
void heard_tell(int control);
void heard_finish(int control);
/* program.c */
struct program_means {
    struct shared *shared;
    const struct lane *lane;
    int streams[3]; /* the program's stdin, stdout and stderr */
    int go; /* an eventfd: the program may start */
};
noreturn void program_main(const struct program_means *means);
/* filter.c */
void filter_build(int is_memory_watched);
int filter_install(void);
/* usage.c */
void usage_reset(const struct lane *lane);
void usage_add_reaped(const struct rusage *reaped);
struct usage usage_now(const struct command *command);
struct usage usage_in_the_end(void);
/* wire.c */
void receive(int control, void *data, size_t length);
void receive_frame(int control, struct frame *frame, int descriptors[MAX_DESCRIPTORS]);
void receive_into(int control, int file, uint64_t length);
void reply(int control, enum reply_kind kind, const void *payload, size_t length);
void reply_descriptor(int control, enum reply_kind kind, int descriptor);
void send_all(int control, const void *data, size_t length);
void send_file(int control, int file, uint64_t length);
int memory_file(const char *name);
/* main.c */
uint64_t now_ns(void);
noreturn void die(const char *what);

#endif
