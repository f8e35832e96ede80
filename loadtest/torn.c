/* Keeps what a disk would still have after a power cut.

Preloaded into the programs under test. Below TORN_ROOT it takes the place of fsync and fdatasync: instead of asking the
disk it keeps, in TORN_SHADOW, the content of a file as files/KEY and the names of a folder as dirs/KEY, one a line:
key, d or f, name. A key is the inode and the time it was made, which a later file with the same inode does not share.
Whatever changes after such a call is not in the shadow. A call for a path that contains TORN_DENY is a lie: it says
that all is well and keeps nothing. syncfs, sync_file_range and msync promise nothing here, as on a disk with a cache.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *root, *shadow, *deny;

__attribute__((constructor)) static void begin(void) {
    root = getenv("TORN_ROOT");
    shadow = getenv("TORN_SHADOW");
    deny = getenv("TORN_DENY");
    if (deny && !*deny) deny = NULL;
}

static int key_of(int folder, const char *name, char *key, size_t room, int *is_folder) {
    struct statx found;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    if (statx(folder, name, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &found)) return -1;
    if (!(found.stx_mask & STATX_BTIME)) return -1; /* a file system that does not tell files apart */
    *is_folder = S_ISDIR(found.stx_mode);
    snprintf(key, room, "%llu-%lld-%u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
             found.stx_btime.tv_nsec);
    return 0;
}

/* For the harness: the key of a path; -1 where there is none. */
int torn_key(const char *path, char *key, size_t room) {
    int is_folder;
    return key_of(AT_FDCWD, path, key, room, &is_folder);
}

static int write_all(int to, const char *data, ssize_t left) {
    while (left > 0) {
        ssize_t done = write(to, data, left);
        if (done < 0) return -1;
        data += done;
        left -= done;
    }
    return 0;
}

static int copy_content(int from, int to) {
    char buffer[1 << 16];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(from, buffer, sizeof buffer, at)) > 0) {
        if (write_all(to, buffer, got)) return -1;
        at += got;
    }
    return got < 0 ? -1 : 0;
}

static int copy_names(int from, int to) {
    DIR *folder = fdopendir(dup(from));
    if (!folder) return -1;
    rewinddir(folder);
    struct dirent *entry;
    int failed = 0;
    while (!failed && (entry = readdir(folder))) {
        char key[96], line[NAME_MAX + 128];
        int is_folder;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (key_of(from, entry->d_name, key, sizeof key, &is_folder)) continue; /* it went meanwhile */
        int length = snprintf(line, sizeof line, "%s %c %s\n", key, is_folder ? 'd' : 'f', entry->d_name);
        failed = write_all(to, line, length);
    }
    closedir(folder);
    return failed;
}

/* Whole or not at all, and never replaced by what another process read earlier. */
static int keep(const char *path, const char *key, int is_folder) {
    char kept[PATH_MAX], aside[PATH_MAX], held[PATH_MAX];
    snprintf(kept, sizeof kept, "%s/%s/%s", shadow, is_folder ? "dirs" : "files", key);
    snprintf(aside, sizeof aside, "%s/aside/%s", shadow, key);
    snprintf(held, sizeof held, "%s/locks/%s", shadow, key);
    int lock = open(held, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX)) return -1;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = open(aside, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    int failed = from < 0 || to < 0 || (is_folder ? copy_names(from, to) : copy_content(from, to));
    failed = failed || rename(aside, kept);
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    close(lock);
    return failed ? -1 : 0;
}

static int durable(int descriptor, long call) {
    char self[64], path[PATH_MAX], key[96];
    int is_folder;
    if (!root || !shadow) return (int)syscall(call, descriptor);
    snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(self, path, sizeof path - 1);
    if (length < 0) return (int)syscall(call, descriptor);
    path[length] = 0;
    size_t top = strlen(root);
    if (strncmp(path, root, top) || (path[top] && path[top] != '/')) return (int)syscall(call, descriptor);
    if (deny && strstr(path + top, deny)) return 0;
    if (key_of(descriptor, "", key, sizeof key, &is_folder)) return -1;
    if (keep(self, key, is_folder)) {
        errno = EIO;
        return -1;
    }
    return 0;
}

int fsync(int descriptor) { return durable(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return durable(descriptor, SYS_fdatasync); }
int syncfs(int descriptor) { (void)descriptor; return 0; }
int sync_file_range(int descriptor, off64_t at, off64_t length, unsigned flags) {
    (void)descriptor, (void)at, (void)length, (void)flags;
    return 0;
}
