// Large blocks side by side in wide ranges of addresses, so that what one tensor leaves serves others of any size.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace simvlm {

/** Free ranges of addresses. Neighbours merge. */
class FreeRanges {
 public:
  void add(char* begin, size_t size);
  /** The beginning of the smallest range that is large enough; nullptr where none is. */
  char* take(size_t size);
  /** The last `most` bytes of the largest range, or all of it where it has fewer; of size 0 where there is none. */
  std::pair<char*, size_t> takeOfLargest(size_t most);

 private:
  using ByAddress = std::map<char*, size_t>;
  void insert(char* begin, size_t size);
  void erase(ByAddress::iterator range);

  ByAddress byAddress_;
  std::set<std::pair<size_t, char*>> bySize_;
};

/**
 * Places blocks of whole pages. What is freed stays in RAM and waits for the next block, of whatever size, until `cool` gives it back to the
 * system; its addresses stay. Whoever has one locks.
 */
class Arena {
 public:
  /** A block in memory that waits; nullptr where no range is large enough. */
  char* takeWaiting(size_t size) { return warm_.take(size); }
  /** A block in memory that is not in RAM yet; nullptr where the system has no addresses. */
  char* takeNew(size_t size);
  void put(char* begin, size_t size) { warm_.add(begin, size); }
  /** Gives at least `bytes` that wait back to the system, or all. Gives how many it were. */
  size_t cool(size_t bytes);

 private:
  FreeRanges warm_;
  FreeRanges cold_;
};

}  // namespace simvlm
