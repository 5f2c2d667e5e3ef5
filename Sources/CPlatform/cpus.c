/* The number of processors that this process may use. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "include/CPlatform.h"

#define PATH_LIMIT 1024
/* The most text read from /proc/self/cgroup: enough for a dozen v1 hierarchies. */
#define TEXT_LIMIT 8192

typedef struct text {
  char bytes[TEXT_LIMIT];
} text;

/* Reads a complete small file, zero-terminated; returns 0 on failure. */
static int read_text(const char *path, text *out) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  size_t length = 0;
  ssize_t count;
  while (length < TEXT_LIMIT - 1 && (count = read(descriptor, out->bytes + length, TEXT_LIMIT - 1 - length)) > 0)
    length += (size_t)count;
  close(descriptor);
  out->bytes[length] = 0;
  return length > 0;
}

/* Appends to a path buffer; returns 0 if it does not fit. */
static int append(char *path, const char *part, size_t part_length) {
  size_t length = strlen(path);
  if (length + part_length >= PATH_LIMIT) return 0;
  memcpy(path + length, part, part_length);
  path[length + part_length] = 0;
  return 1;
}

/* Reads a decimal number at *cursor; -1 if there is none ("max", "-1"). */
static int64_t number(const char **cursor) {
  if (**cursor < '0' || **cursor > '9') return -1;
  int64_t value = 0;
  while (**cursor >= '0' && **cursor <= '9' && value < INT64_MAX / 16) value = value * 10 + (*(*cursor)++ - '0');
  while (**cursor == ' ') (*cursor)++;
  return value;
}

static size_t processors(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return 0;
  return (size_t)((quota + period - 1) / period);
}

static size_t smaller_limit(size_t a, size_t b) { return a == 0 ? b : b == 0 || a < b ? a : b; }

static int64_t number_in_file(const char *directory, const char *name) {
  char path[PATH_LIMIT] = "";
  text content;
  if (!append(path, directory, strlen(directory)) || !append(path, name, strlen(name)) || !read_text(path, &content))
    return -1;
  const char *cursor = content.bytes;
  return number(&cursor);
}

/* The limit of one directory: v2's "QUOTA PERIOD" in cpu.max, or v1's two files. 0: none. */
static size_t limit_in(const char *directory, int is_v2) {
  if (!is_v2)
    return processors(number_in_file(directory, "/cpu.cfs_quota_us"), number_in_file(directory, "/cpu.cfs_period_us"));
  char path[PATH_LIMIT] = "";
  text content;
  if (!append(path, directory, strlen(directory)) || !append(path, "/cpu.max", 8) || !read_text(path, &content))
    return 0;
  const char *cursor = content.bytes;
  int64_t quota = number(&cursor);
  return processors(quota, number(&cursor));
}

/* The limits of a group's ancestors apply too. Inside a container the group's path may not exist under the mount,
 * whose root is then the group itself; missing directories have no limit. */
static size_t limit_along(const char *mount, const char *group, size_t group_length, int is_v2) {
  char directory[PATH_LIMIT] = "";
  if (!append(directory, mount, strlen(mount)) || !append(directory, group, group_length)) return 0;
  size_t root = strlen(mount);
  size_t limit = 0;
  for (;;) {
    limit = smaller_limit(limit, limit_in(directory, is_v2));
    char *slash = strrchr(directory + root, '/');
    if (!slash) return limit;
    *slash = 0;
  }
}

/* The lines of /proc/self/cgroup are "ID:CONTROLLERS:PATH"; v2 has ID 0 and no controllers. */
size_t pf_cgroup_quota_cpus(const char *proc_cgroup, const char *mount) {
  text groups;
  if (!read_text(proc_cgroup, &groups)) return 0;
  size_t limit = 0;
  for (char *line = groups.bytes; *line;) {
    size_t length = strcspn(line, "\n");
    int is_last = line[length] == 0;
    line[length] = 0;
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (path) {
      *controllers++ = 0;
      *path++ = 0;
      if (*controllers == 0) {
        limit = smaller_limit(limit, limit_along(mount, path, strlen(path), 1));
      } else if (strcmp(controllers, "cpu") == 0 || strcmp(controllers, "cpu,cpuacct") == 0 ||
                 strcmp(controllers, "cpuacct,cpu") == 0) {
        char hierarchy[PATH_LIMIT] = "";
        if (append(hierarchy, mount, strlen(mount)) && append(hierarchy, "/cpu", 4))
          limit = smaller_limit(limit, limit_along(hierarchy, path, strlen(path), 0));
      }
    }
    if (is_last) break;
    line += length + 1;
  }
  return limit;
}

static size_t affinity_cpus(void) {
#if defined(__linux__)
  unsigned long mask[1024 / sizeof(unsigned long)] = {0}; /* 8192 processors */
  if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)mask) == 0) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof mask / sizeof *mask; i++) count += (size_t)__builtin_popcountl(mask[i]);
    if (count > 0) return count;
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (size_t)online : 1;
}

size_t pf_usable_cpus(void) {
  return smaller_limit(affinity_cpus(), pf_cgroup_quota_cpus("/proc/self/cgroup", "/sys/fs/cgroup"));
}
