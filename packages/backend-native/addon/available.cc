#include "available.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace simvlm {
namespace {

constexpr int64_t kUnlimited = INT64_MAX / 2;
// What tensors must leave for everything else, such as V8's own heap.
constexpr int64_t kReserve = int64_t{128} << 20;

int64_t numberIn(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : -1;
}

/** The number that follows one of two words in a file of words and numbers; `otherwise` where neither stands.
 */
int64_t numberAfter(const std::string& path, const char* word, const char* other, int64_t otherwise) {
  std::ifstream file(path);
  std::string rest;
  for (std::string name; file >> name; std::getline(file, rest)) {
    int64_t value = 0;
    if (!(file >> value)) break;
    if (name == word || name == other) return value;
  }
  return otherwise;
}

int64_t machineAvailable() {
  const int64_t kibibytes = numberAfter("/proc/meminfo", "MemAvailable:", "", -1);
  return kibibytes < 0 ? kUnlimited : kibibytes * 1024;
}

/** limit − use, the page cache counted as free. */
int64_t leftInGroup(const std::string& folder, const char* limitFile, const char* useFile) {
  const int64_t limit = numberIn(folder + limitFile);  // version 2 says "max", which is no number, for none
  const int64_t use = limit < 0 ? -1 : numberIn(folder + useFile);
  if (limit < 0 || use < 0 || limit > kUnlimited) return kUnlimited;
  const int64_t cache = numberAfter(folder + "memory.stat", "inactive_file", "total_inactive_file", 0);
  return std::max<int64_t>(limit - use + std::min(cache, use), 0);
}

}  // namespace

int64_t availableMemory() {
  const int64_t available =
      std::min({machineAvailable(), leftInGroup("/sys/fs/cgroup/", "memory.max", "memory.current"),
                leftInGroup("/sys/fs/cgroup/memory/", "memory.limit_in_bytes", "memory.usage_in_bytes")});
  return std::max<int64_t>(available - kReserve, 0);
}

int64_t residentMemory() {
  std::ifstream file("/proc/self/statm");
  int64_t size = 0, resident = 0, shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

}  // namespace simvlm
