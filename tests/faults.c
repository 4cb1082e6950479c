/* A library to preload: it counts the durable operations below one folder, in this process and
   in its children, tells a log what each did, and makes the Nth fail or the last.

   Durable operations are those that change what a disk holds or promise that it holds it: opening
   for writing, write, fsync, rename, unlink, truncate, link, symlink, mkdir, rmdir. SQLite's and
   ffmpeg's pass here too, since both call the C library. tests/faults.py drives it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { COUNT, KILL, EIO_ONCE, DISK_FULL };

/* Shared by every process of one trial; written by tests/faults.py as five 64-bit integers. */
struct shared {
  uint64_t count; /* operations so far */
  uint64_t at;    /* the one to meddle with */
  uint64_t kind;
  uint64_t coordinator; /* the process that SIGKILL is for */
  uint64_t full;        /* the disk has become full */
};

/* What the log holds of an operation, followed by both paths and the data. */
struct record {
  uint64_t number;
  int64_t offset;
  uint32_t path_bytes, other_bytes, data_bytes, flags;
  char name[8];
};

static struct shared *shared;
static char root[PATH_MAX];
static size_t root_bytes;
static int log_fd = -1;

static int below(const char *path) {
  return shared && strncmp(path, root, root_bytes) == 0 &&
         (path[root_bytes] == '/' || path[root_bytes] == 0);
}

static int of_fd(int fd, char *out) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
  if (n < 0) n = 0;
  out[n] = 0;
  return below(out);
}

static int of_path(int folder, const char *path, char *out) {
  if (!shared || !path) return 0;
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
  } else {
    char base[PATH_MAX] = "";
    if (folder == AT_FDCWD) {
      if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
    } else {
      of_fd(folder, base);
    }
    if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
  }
  return below(out);
}

static void die(void) {
  syscall(SYS_kill, (pid_t)shared->coordinator, SIGKILL);
  syscall(SYS_kill, (pid_t)syscall(SYS_getpid), SIGKILL);
  for (;;) syscall(SYS_pause);
}

/* Number an operation. Returns 0 to let it be, an errno to fail with, or -1: now is the time to
   die. `grows`: a full disk refuses it. */
static int meddle(int grows, uint64_t *number) {
  *number = __sync_add_and_fetch(&shared->count, 1);
  if (*number == shared->at) {
    if (shared->kind == KILL) return -1;
    if (shared->kind == EIO_ONCE) return EIO;
    if (shared->kind == DISK_FULL) {
      shared->full = 1;
      return ENOSPC;
    }
  }
  return grows && shared->full ? ENOSPC : 0;
}

static void tell(const char *name, uint64_t number, const char *path, const char *other,
                 const void *data, size_t bytes, int64_t offset, int flags) {
  if (log_fd < 0) return;
  struct record r = {number, offset, strlen(path), strlen(other), bytes, flags, ""};
  strncpy(r.name, name, sizeof r.name - 1);
  struct iovec parts[] = {{&r, sizeof r},
                          {(void *)path, r.path_bytes},
                          {(void *)other, r.other_bytes},
                          {(void *)data, bytes}};
  syscall(SYS_writev, log_fd, parts, 4);
}

/* Called by a process that has just been forked for a trial; children take it from the
   environment. */
void faults_begin(void) {
  const char *folder = getenv("FAULTS_ROOT"), *counter = getenv("FAULTS_SHARED"),
             *log = getenv("FAULTS_LOG");
  if (!folder || !counter || shared) return;
  int fd = syscall(SYS_openat, AT_FDCWD, counter, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (map == MAP_FAILED) return;
  if (log) {
    log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (log_fd < 0) abort();
  }
  root_bytes = strlen(folder);
  memcpy(root, folder, root_bytes + 1);
  shared = map;
}

__attribute__((constructor)) static void begin(void) { faults_begin(); }

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define FAIL_OR_DIE(fault) \
  do { \
    if ((fault) < 0) die(); \
    if (fault) { errno = (fault); return -1; } \
  } while (0)

static int opens_to_change(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
}

#define OPENING(call, folder, path, flags) \
  char told[PATH_MAX]; \
  uint64_t number = 0; \
  int counted = opens_to_change(flags) && of_path(folder, path, told); \
  if (counted) { \
    int grows = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, told, F_OK) != 0; \
    int fault = meddle(grows, &number); \
    FAIL_OR_DIE(fault); \
  } \
  int fd = call; \
  if (counted && fd >= 0) tell("open", number, told, "", "", 0, 0, flags); \
  return fd

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  REAL(open);
  MODE(flags)
  OPENING(real(path, flags, mode), AT_FDCWD, path, flags);
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  MODE(flags)
  OPENING(real(path, flags, mode), AT_FDCWD, path, flags);
}

int openat(int folder, const char *path, int flags, ...) {
  REAL(openat);
  MODE(flags)
  OPENING(real(folder, path, flags, mode), folder, path, flags);
}

int openat64(int folder, const char *path, int flags, ...) {
  REAL(openat64);
  MODE(flags)
  OPENING(real(folder, path, flags, mode), folder, path, flags);
}

int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* A process that dies while it writes has written a half. */
static ssize_t writing(int fd, const void *data, size_t bytes, off64_t offset, int placed,
                       const char *path) {
  uint64_t number;
  int fault = meddle(1, &number);
  if (!placed) {
    struct stat state;
    offset = fcntl(fd, F_GETFL) & O_APPEND && fstat(fd, &state) == 0 ? state.st_size
                                                                     : lseek(fd, 0, SEEK_CUR);
  }
  size_t asked = fault < 0 ? bytes / 2 : bytes;
  if (fault > 0) {
    errno = fault;
    return -1;
  }
  ssize_t done = placed ? syscall(SYS_pwrite64, fd, data, asked, offset)
                        : syscall(SYS_write, fd, data, asked);
  if (fault < 0) die();
  if (done >= 0) tell("write", number, path, "", data, done, offset, 0);
  return done;
}

ssize_t write(int fd, const void *data, size_t bytes) {
  REAL(write);
  char path[PATH_MAX];
  if (!shared || !of_fd(fd, path)) return real(fd, data, bytes);
  return writing(fd, data, bytes, 0, 0, path);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
  REAL(pwrite);
  char path[PATH_MAX];
  if (!shared || !of_fd(fd, path)) return real(fd, data, bytes, offset);
  return writing(fd, data, bytes, offset, 1, path);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) {
  REAL(pwrite64);
  char path[PATH_MAX];
  if (!shared || !of_fd(fd, path)) return real(fd, data, bytes, offset);
  return writing(fd, data, bytes, offset, 1, path);
}

#define ON_FD(name, word, grows, real_call, size) \
  do { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!shared || !of_fd(fd, path)) return real_call; \
    uint64_t number; \
    int fault = meddle(grows, &number); \
    FAIL_OR_DIE(fault); \
    int code = real_call; \
    if (code == 0) tell(word, number, path, "", "", 0, size, 0); \
    return code; \
  } while (0)

int fsync(int fd) { ON_FD(fsync, "fsync", 0, real(fd), 0); }
int fdatasync(int fd) { ON_FD(fdatasync, "fsync", 0, real(fd), 0); }
int ftruncate(int fd, off_t size) { ON_FD(ftruncate, "cut", 0, real(fd, size), size); }
int ftruncate64(int fd, off64_t size) { ON_FD(ftruncate64, "cut", 0, real(fd, size), size); }

#define ON_PATH(name, word, grows, folder, path, real_call) \
  do { \
    REAL(name); \
    char told[PATH_MAX]; \
    if (!of_path(folder, path, told)) return real_call; \
    uint64_t number; \
    int fault = meddle(grows, &number); \
    FAIL_OR_DIE(fault); \
    int code = real_call; \
    if (code == 0) tell(word, number, told, "", "", 0, 0, 0); \
    return code; \
  } while (0)

int unlink(const char *path) { ON_PATH(unlink, "unlink", 0, AT_FDCWD, path, real(path)); }
int rmdir(const char *path) { ON_PATH(rmdir, "rmdir", 0, AT_FDCWD, path, real(path)); }
int remove(const char *path) { ON_PATH(remove, "unlink", 0, AT_FDCWD, path, real(path)); }
int unlinkat(int folder, const char *path, int flags) {
  ON_PATH(unlinkat, flags & AT_REMOVEDIR ? "rmdir" : "unlink", 0, folder, path,
          real(folder, path, flags));
}
int mkdir(const char *path, mode_t mode) {
  ON_PATH(mkdir, "mkdir", 1, AT_FDCWD, path, real(path, mode));
}
int mkdirat(int folder, const char *path, mode_t mode) {
  ON_PATH(mkdirat, "mkdir", 1, folder, path, real(folder, path, mode));
}
int truncate(const char *path, off_t size) {
  (void)path, (void)size;
  abort(); /* nobody calls it; whoever does must be counted */
}

/* `first` is what the operation starts from, in the log too, and `second` the name it gives. */
#define ON_TWO(name, word, grows, first_in, first, second_in, second, whole, real_call) \
  do { \
    REAL(name); \
    char told[PATH_MAX], other[PATH_MAX]; \
    if (!of_path(second_in, second, other)) return real_call; \
    if (whole) of_path(first_in, first, told); else snprintf(told, PATH_MAX, "%s", first); \
    uint64_t number; \
    int fault = meddle(grows, &number); \
    FAIL_OR_DIE(fault); \
    int code = real_call; \
    if (code == 0) tell(word, number, told, other, "", 0, 0, 0); \
    return code; \
  } while (0)

int rename(const char *from, const char *to) {
  ON_TWO(rename, "rename", 0, AT_FDCWD, from, AT_FDCWD, to, 1, real(from, to));
}
int renameat(int a, const char *from, int b, const char *to) {
  ON_TWO(renameat, "rename", 0, a, from, b, to, 1, real(a, from, b, to));
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  ON_TWO(renameat2, "rename", 0, a, from, b, to, 1, real(a, from, b, to, flags));
}
int symlink(const char *to, const char *path) {
  ON_TWO(symlink, "symlink", 1, AT_FDCWD, to, AT_FDCWD, path, 0, real(to, path));
}
int symlinkat(const char *to, int folder, const char *path) {
  ON_TWO(symlinkat, "symlink", 1, AT_FDCWD, to, folder, path, 0, real(to, folder, path));
}
int link(const char *from, const char *to) {
  ON_TWO(link, "link", 1, AT_FDCWD, from, AT_FDCWD, to, 1, real(from, to));
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
  ON_TWO(linkat, "link", 1, a, from, b, to, 1, real(a, from, b, to, flags));
}
