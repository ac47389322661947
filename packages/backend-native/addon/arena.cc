#include "arena.h"

#include <sys/mman.h>

#include <algorithm>

namespace simvlm {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
/** Addresses asked of the system at once; none of it is in RAM before it is written to. */
constexpr size_t kSegment = size_t{256} << 20;

size_t wholeHugePages(size_t size) { return (size + kHugePage - 1) / kHugePage * kHugePage; }

}  // namespace

void FreeRanges::insert(char* begin, size_t size) {
  byAddress_.emplace(begin, size);
  bySize_.emplace(size, begin);
}

void FreeRanges::erase(ByAddress::iterator range) {
  bySize_.erase({range->second, range->first});
  byAddress_.erase(range);
}

void FreeRanges::add(char* begin, size_t size) {
  auto after = byAddress_.lower_bound(begin);
  if (after != byAddress_.end() && begin + size == after->first) {
    size += after->second;
    erase(after++);
  }
  if (after != byAddress_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == begin) {
      begin = before->first;
      size += before->second;
      erase(before);
    }
  }
  insert(begin, size);
}

char* FreeRanges::take(size_t size) {
  const auto found = bySize_.lower_bound({size, nullptr});
  if (found == bySize_.end()) return nullptr;
  const auto [whole, begin] = *found;
  erase(byAddress_.find(begin));
  if (whole > size) insert(begin + size, whole - size);
  return begin;
}

std::pair<char*, size_t> FreeRanges::takeOfLargest(size_t most) {
  if (bySize_.empty()) return {nullptr, 0};
  const auto [whole, begin] = *bySize_.rbegin();
  erase(byAddress_.find(begin));
  if (whole <= most) return {begin, whole};
  insert(begin, whole - most);
  return {begin + (whole - most), most};
}

char* Arena::takeNew(size_t size) {
  if (char* begin = cold_.take(size)) return begin;
  const size_t segment = std::max(wholeHugePages(size), kSegment);
  // A huge page more, so that the segment can begin at one: one fault then brings what takes 512 small ones.
  void* mapped = mmap(nullptr, segment + kHugePage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* begin = reinterpret_cast<char*>(wholeHugePages(reinterpret_cast<size_t>(mapped)));
  madvise(begin, segment, MADV_HUGEPAGE);
  cold_.add(begin, segment);
  return cold_.take(size);
}

size_t Arena::cool(size_t bytes) {
  size_t cooled = 0;
  while (cooled < bytes) {
    const auto [begin, size] = warm_.takeOfLargest(wholeHugePages(bytes - cooled));
    if (size == 0) break;
    madvise(begin, size, MADV_DONTNEED);
    cold_.add(begin, size);
    cooled += size;
  }
  return cooled;
}

}  // namespace simvlm
