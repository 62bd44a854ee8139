/* The files of a box, packed: folders and regular files of /box, each as its header, its path, its content. And those
 * that a command leaves for the service. */
#define _GNU_SOURCE
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 16
#define MAX_ENTRIES 4096
#define MAX_PATH_BYTES 1024
#define MAX_ARCHIVE_BYTES (64 * 1024 * 1024) /* what sparse files claim counts in full */

struct entry { /* then path_bytes of path without NUL, then content_bytes */
    uint64_t content_bytes;
    uint32_t mode; /* file type and permissions, as of stat */
    uint32_t path_bytes;
};

struct packing {
    int archive;
    int entries; /* so far */
    uint64_t bytes;
};

static int copy(int to, int from, uint64_t length)
{
    while (length > 0) {
        ssize_t part = sendfile(to, from, NULL, (size_t)length);
        if (part <= 0)
            return -1;
        length -= (uint64_t)part;
    }
    return 0;
}

static int write_header(int archive, const struct stat *status, const char *path)
{
    struct entry entry = {
        .content_bytes = S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0,
        .mode = status->st_mode,
        .path_bytes = (uint32_t)strlen(path),
    };
    return write(archive, &entry, sizeof entry) == (ssize_t)sizeof entry
                   && write(archive, path, entry.path_bytes) == (ssize_t)entry.path_bytes
               ? 0
               : -1;
}

static int pack_file(struct packing *packing, int folder, const char *name, const char *path,
                     const struct stat *status)
{
    packing->bytes += (uint64_t)status->st_size;
    if (packing->bytes > MAX_ARCHIVE_BYTES)
        return -1;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return -1;
    int has_failed = write_header(packing->archive, status, path) != 0
                     || copy(packing->archive, file, (uint64_t)status->st_size) != 0;
    close(file);
    return has_failed ? -1 : 0;
}

static int pack_folder(struct packing *packing, int folder, const char *path, int depth);

/* What is neither a folder nor a regular file is left out: no compiler of ours makes such. */
static int pack_entry(struct packing *packing, int folder, const char *name, const char *path, int depth)
{
    struct stat status;
    if (++packing->entries > MAX_ENTRIES || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (S_ISREG(status.st_mode))
        return pack_file(packing, folder, name, path, &status);
    if (!S_ISDIR(status.st_mode))
        return 0;
    if (depth == MAX_DEPTH || write_header(packing->archive, &status, path) != 0)
        return -1;
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return inner < 0 ? -1 : pack_folder(packing, inner, path, depth + 1);
}

/* Closes `folder`. */
static int pack_folder(struct packing *packing, int folder, const char *path, int depth)
{
    char inner[MAX_PATH_BYTES];
    int outcome = 0;
    DIR *listing = fdopendir(folder);
    if (listing == NULL)
        die("fdopendir");
    for (struct dirent *at; outcome == 0 && (at = readdir(listing)) != NULL;) {
        if (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0)
            continue;
        int length = snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "/" : "", at->d_name);
        outcome = length < (int)sizeof inner ? pack_entry(packing, folder, at->d_name, inner, depth) : -1;
    }
    closedir(listing);
    return outcome;
}

/* A compile step may have taken permissions away: the box's own are given back, else the files stay where they are. */
int pack(int archive)
{
    struct packing packing = {.archive = archive};
    if (chmod(BOX_DIRECTORY, 0755) != 0)
        die(BOX_DIRECTORY);
    int folder = open(BOX_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        die(BOX_DIRECTORY);
    return pack_folder(&packing, folder, "", 0);
}

static int unpack_entry(int archive, int folder, const struct entry *entry, off_t *offset)
{
    char path[MAX_PATH_BYTES];
    if (entry->path_bytes == 0 || entry->path_bytes >= sizeof path
        || pread(archive, path, entry->path_bytes, *offset) != (ssize_t)entry->path_bytes)
        return -1;
    path[entry->path_bytes] = 0;
    *offset += entry->path_bytes;
    if (S_ISDIR(entry->mode))
        return mkdirat(folder, path, 0755);
    int file = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, entry->mode & 0777);
    if (file < 0)
        return -1;
    uint64_t rest = entry->content_bytes;
    while (rest > 0) {
        ssize_t part = sendfile(file, archive, offset, (size_t)rest);
        if (part <= 0)
            break;
        rest -= (uint64_t)part;
    }
    close(file);
    return rest == 0 ? 0 : -1;
}

/* Into a box that is still empty, so that no link can lie in the way. The archive's own offset is left alone: several
 * boxes may read it at once. */
int unpack(int archive)
{
    struct entry entry;
    off_t offset = 0;
    ssize_t length;
    int folder = open(BOX_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC), outcome = 0;
    if (folder < 0)
        die(BOX_DIRECTORY);
    while (outcome == 0 && (length = pread(archive, &entry, sizeof entry, offset)) != 0) {
        offset += (off_t)sizeof entry;
        outcome = length == (ssize_t)sizeof entry ? unpack_entry(archive, folder, &entry, &offset) : -1;
    }
    close(folder);
    return outcome;
}

/* The size of the file if it is one, NO_FILE if not, then as much of it as is wanted. */
static uint64_t collect_file(int to, int folder, const char *name, uint64_t wanted)
{
    struct stat status;
    uint64_t size = NO_FILE;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        size = (uint64_t)status.st_size;
    if (size == NO_FILE)
        wanted = 0;
    else if (size < wanted)
        wanted = size;
    if (write(to, &size, sizeof size) != (ssize_t)sizeof size || copy(to, file, wanted) != 0)
        die("collecting a result file");
    if (file >= 0)
        close(file);
    return sizeof size + wanted;
}

/* When nothing of the command lives any more, so that nothing changes. Its links are not followed: what they point to is
 * looked at with the keeper's eyes, not with the program's. Returns how much there is. */
uint64_t collect(int to, char **names, uint64_t file_bytes)
{
    uint64_t bytes = 0;
    int folder = open(FEEDBACK_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (; *names != NULL; names++)
        bytes += collect_file(to, folder, *names, file_bytes);
    if (folder >= 0)
        close(folder);
    return bytes;
}
