#include "CTextTables.h"

#include "cluster_tables.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A packed run: its first scalar in the upper 21 bits, its length - 1 in the lower 11. */
static bool is_in_runs(const uint32_t *runs, size_t count, uint32_t scalar) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (runs[middle] >> 11 <= scalar) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 && scalar - (runs[low - 1] >> 11) <= (runs[low - 1] & 0x7FF);
}

bool ct_joins_cluster(uint32_t previous, uint32_t scalar) {
  if (previous == '\r' && scalar == '\n') return true;
  if (previous < 0x300 && scalar < 0x300 && previous >= ' ' && previous != 0xAD) return false;
  if (is_in_runs(control_runs, COUNT(control_runs), previous)) return false;
  if (is_in_runs(control_runs, COUNT(control_runs), scalar)) return false;
  return is_in_runs(extending_runs, COUNT(extending_runs), scalar) ||
         is_in_runs(prepending_runs, COUNT(prepending_runs), previous);
}
