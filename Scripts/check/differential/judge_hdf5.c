/* Lists the tensors that libhdf5 finds in many files, in the lines of Sources/ReaderListing: `judge_hdf5 PACK`.
 *
 * libhdf5 crashes on some malformed files, so each file is read by a separate child process with little memory
 * and few seconds. Every dataset that hard links reach from the root group is listed: T with type, shape and checksums
 * if its elements are numbers that weights use, I otherwise. Training state is listed as I and not opened, because
 * PocketCLIP's reader does not open it either. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST_ELEMENTS = 1 << 20, MOST_OBJECTS = 4096, MOST_PATH = 2048, MEMORY = 1 << 30, SECONDS = 2 };

typedef struct {
  const char *name; /* as safetensors spells it; NULL for all other types */
  size_t width;
} element_type;

/* Why the file is refused: the function of libhdf5 that found the first fault, and what it says. */
static char failed[256];
/* The path of the object with that fault; empty if the file cannot be opened. */
static char failed_at[MOST_PATH];
static int object_count;

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *error, void *context) {
  (void)context;
  if (depth == 0) snprintf(failed, sizeof failed, "%s: %s", error->func_name, error->desc);
  /* Without text from the file. */
  failed[strcspn(failed, "'\"")] = 0;
  return 0;
}

static void fail(const char *step) {
  if (failed[0]) return;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, NULL);
  if (!failed[0]) snprintf(failed, sizeof failed, "%s", step);
}

static void print_escaped(const char *name) {
  for (const unsigned char *byte = (const unsigned char *)name; *byte; byte++) {
    int plain = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z') || (*byte >= '0' && *byte <= '9') ||
                strchr("._/-", *byte);
    if (plain)
      putchar(*byte);
    else
      printf("%%%02X", *byte);
  }
}

/* ---- types ---- */

static element_type integer_type(hid_t type) {
  static const char *const names[2][4] = {{"U8", "U16", "U32", "U64"}, {"I8", "I16", "I32", "I64"}};
  size_t width = H5Tget_size(type);
  int row = H5Tget_sign(type) == H5T_SGN_2, column = width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3;
  if (width != (size_t)1 << column || H5Tget_precision(type) != 8 * width || H5Tget_offset(type) != 0)
    return (element_type){NULL, width};
  return (element_type){names[row][column], width};
}

static element_type float_type(hid_t type) {
  static const struct {
    const char *name;
    size_t width, sign, exponent_at, exponent_bits, mantissa_bits, bias;
  } known[] = {
      {"F16", 2, 15, 10, 5, 10, 15},
      {"BF16", 2, 15, 7, 8, 7, 127},
      {"F32", 4, 31, 23, 8, 23, 127},
      {"F64", 8, 63, 52, 11, 52, 1023},
  };
  size_t width = H5Tget_size(type), sign, exponent_at, exponent_bits, mantissa_at, mantissa_bits;
  H5T_order_t order = H5Tget_order(type);
  H5Tget_fields(type, &sign, &exponent_at, &exponent_bits, &mantissa_at, &mantissa_bits);
  int plain = mantissa_at == 0 && H5Tget_offset(type) == 0 && H5Tget_precision(type) == 8 * width &&
              H5Tget_norm(type) == H5T_NORM_IMPLIED && (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
  for (size_t i = 0; plain && i < sizeof known / sizeof *known; i++)
    if (known[i].width == width && known[i].sign == sign && known[i].exponent_at == exponent_at &&
        known[i].exponent_bits == exponent_bits && known[i].mantissa_bits == mantissa_bits &&
        known[i].bias == H5Tget_ebias(type))
      return (element_type){known[i].name, width};
  return (element_type){NULL, width};
}

/* Keras stores bfloat16 as two opaque bytes and says so in the attribute `dtype`. */
static int is_marked_bfloat16(hid_t dataset) {
  if (H5Aexists(dataset, "dtype") <= 0) return 0;
  char text[64] = "";
  hid_t attribute = H5Aopen(dataset, "dtype", H5P_DEFAULT), type = H5Aget_type(attribute);
  hid_t space = H5Aget_space(attribute);
  int is_text = H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_type(space) == H5S_SCALAR;
  if (is_text && H5Tis_variable_str(type) > 0) {
    char *value = NULL;
    if (H5Aread(attribute, type, &value) >= 0 && value) strncpy(text, value, sizeof text - 1);
  } else if (is_text && H5Tget_size(type) < sizeof text) {
    if (H5Aread(attribute, type, text) < 0) text[0] = 0;
  }
  return strcmp(text, "bfloat16") == 0;
}

static element_type type_of(hid_t dataset, hid_t type) {
  switch (H5Tget_class(type)) {
  case H5T_INTEGER: return integer_type(type);
  case H5T_FLOAT: return float_type(type);
  case H5T_OPAQUE:
    if (H5Tget_size(type) == 2 && is_marked_bfloat16(dataset)) return (element_type){"BF16", 2};
    break;
  default: break;
  }
  return (element_type){NULL, 0};
}

/* ---- values ---- */

static float half(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  float magnitude = exponent == 0    ? mantissa * 0x1p-24f
                    : exponent == 31 ? (mantissa ? __builtin_nanf("") : __builtin_inff())
                                     : (mantissa + 1024) * 0x1p-25f * (float)(1u << exponent);
  return bits >> 15 ? -magnitude : magnitude;
}

static float brain(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

#define LOAD(kind) ({ kind value; memcpy(&value, at, sizeof value); value; })

static float as_float(const char *name, const unsigned char *at) {
  if (!strcmp(name, "F32")) return LOAD(float);
  if (!strcmp(name, "F64")) return (float)LOAD(double);
  if (!strcmp(name, "F16")) return half(LOAD(uint16_t));
  if (!strcmp(name, "BF16")) return brain(LOAD(uint16_t));
  if (!strcmp(name, "I64")) return (float)LOAD(int64_t);
  if (!strcmp(name, "U64")) return (float)LOAD(uint64_t);
  if (!strcmp(name, "I32")) return (float)LOAD(int32_t);
  if (!strcmp(name, "U32")) return (float)LOAD(uint32_t);
  if (!strcmp(name, "I16")) return LOAD(int16_t);
  if (!strcmp(name, "U16")) return LOAD(uint16_t);
  if (!strcmp(name, "I8")) return LOAD(int8_t);
  return LOAD(uint8_t);
}

static unsigned long checksum_of_floats(element_type type, const unsigned char *values, size_t count) {
  unsigned long checksum = crc32(0, Z_NULL, 0);
  for (size_t i = 0; i < count; i++) {
    float value = as_float(type.name, values + i * type.width);
    uint32_t bits = 0x7FC00000;
    if (value == value) memcpy(&bits, &value, sizeof bits);
    checksum = crc32(checksum, (const Bytef *)&bits, sizeof bits);
  }
  return checksum;
}

static void print_checksums(hid_t dataset, hid_t type, element_type element, size_t count) {
  unsigned char *values = malloc(count * element.width + 1);
  hid_t wanted = H5Tcopy(type);
  if (H5Tget_class(type) != H5T_OPAQUE) H5Tset_order(wanted, H5T_ORDER_LE);
  if (!values || H5Dread(dataset, wanted, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    fail("H5Dread");
    printf("\t-\t-\n");
    return;
  }
  printf("\t%lx\t%lx\n", crc32(0, values, (uInt)(count * element.width)),
         checksum_of_floats(element, values, count));
  free(values);
}

/* ---- objects ---- */

static void list_dataset(hid_t dataset, const char *path) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  hsize_t extents[H5S_MAX_RANK];
  int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  if (type < 0 || rank < 0 || H5Sget_simple_extent_dims(space, extents, NULL) < 0) {
    fail("H5Dget_space");
    return;
  }
  element_type element = type_of(dataset, type);
  int is_number = element.name && H5Sget_simple_extent_type(space) != H5S_NULL;
  printf(is_number ? "T\t" : "I\t");
  print_escaped(path);
  if (!is_number) {
    putchar('\n');
    return;
  }
  printf("\t%s\t", element.name);
  for (int axis = 0; axis < rank; axis++) printf("%s%llu", axis ? "," : "", (unsigned long long)extents[axis]);
  hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || count > MOST_ELEMENTS)
    printf("\t-\t-\n");
  else
    print_checksums(dataset, type, element, (size_t)count);
}

static void list_group(hid_t group, const char *path);

static void list_object(hid_t parent, const char *name, const char *path) {
  if (++object_count > MOST_OBJECTS) {
    fail("too many objects");
    return;
  }
  hid_t object = H5Oopen(parent, name, H5P_DEFAULT);
  switch (object < 0 ? H5I_BADID : H5Iget_type(object)) {
  case H5I_GROUP: list_group(object, path); break;
  case H5I_DATASET: list_dataset(object, path); break;
  case H5I_DATATYPE:
    printf("I\t");
    print_escaped(path);
    putchar('\n');
    break;
  default: fail("H5Oopen");
  }
  if (failed[0] && !failed_at[0]) snprintf(failed_at, sizeof failed_at, "%s", *path ? path : "/");
  if (object >= 0) H5Oclose(object);
}

typedef struct {
  const char *path;
} place;

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  const char *parent = ((place *)context)->path;
  char path[MOST_PATH];
  int length = snprintf(path, sizeof path, "%s%s%s", parent, *parent ? "/" : "", name);
  if (length < 0 || length >= (int)sizeof path) {
    fail("a long path");
    return -1;
  }
  int is_training_state = !strcmp(path, "optimizer_weights") || !strcmp(path, "optimizer");
  if (info->type != H5L_TYPE_HARD || is_training_state) {
    printf(info->type != H5L_TYPE_HARD ? "L\t" : "I\t");
    print_escaped(path);
    putchar('\n');
    return 0;
  }
  list_object(group, name, path);
  return failed[0] ? -1 : 0;
}

static void list_group(hid_t group, const char *path) {
  place context = {path};
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_link, &context) < 0) fail("H5Literate");
}

static void list_file(const unsigned char *bytes, size_t count) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  H5Pset_file_image(access, (void *)bytes, count);
  hid_t file = H5Fopen("memory", H5F_ACC_RDONLY, access);
  if (file < 0)
    fail("H5Fopen");
  else
    list_object(file, "/", "");
}

/* ---- processes ---- */

static void read_in_child(const unsigned char *bytes, size_t count) {
  struct rlimit memory = {MEMORY, MEMORY}, no_core = {0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &no_core);
  alarm(SECONDS);
  /* Lines of a child before a crash are lost with its memory, on purpose. */
  char *text = NULL;
  size_t length = 0;
  FILE *output = stdout;
  stdout = open_memstream(&text, &length);
  list_file(bytes, count);
  if (failed[0]) {
    printf("E\trefused\t%s\t", failed);
    print_escaped(failed_at);
    putchar('\n');
  } else {
    printf("E\taccepted\n");
  }
  fflush(stdout);
  fwrite(text, 1, length, output);
  fflush(output);
  _exit(0);
}

static void judge(size_t index, const unsigned char *bytes, size_t count) {
  printf("F\t%zu\n", index);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) read_in_child(bytes, count);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0) {
    perror("judge_hdf5");
    exit(1);
  }
  if (WIFSIGNALED(status)) printf("E\tcrashed\t%s\n", strsignal(WTERMSIG(status)));
  else if (WEXITSTATUS(status)) printf("E\tcrashed\tstatus %d\n", WEXITSTATUS(status));
}

int main(int count, char **arguments) {
  struct stat details;
  int descriptor = count == 2 ? open(arguments[1], O_RDONLY) : -1;
  if (descriptor < 0 || fstat(descriptor, &details) < 0) {
    fprintf(stderr, "usage: judge_hdf5 PACK\n");
    return 64;
  }
  size_t size = (size_t)details.st_size;
  const unsigned char *pack = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (pack == MAP_FAILED || H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0) return 1;
  for (size_t at = 0, index = 0; at + 4 <= size; index++) {
    uint32_t length;
    memcpy(&length, pack + at, 4);
    at += 4;
    if (length > size - at) return 1;
    judge(index, pack + at, length);
    at += length;
  }
  return 0;
}
