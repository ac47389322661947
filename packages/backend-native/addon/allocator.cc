#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "arena.h"
#include "available.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(from, size) ((void)(from), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(from, size) ((void)(from), (void)(size))
#endif

// Why a cache: glibc returns every large block to the system when it is freed, and the next tensor pays for
// its pages again, one fault for each 4 KiB. A training step takes and frees all its activations; with the
// blocks kept it touches no new page after the first step.
//
// Blocks of a mebibyte and more come from an arena: in the backward pass gradients take the place of activations, which have
// other sizes. Smaller ones are kept by size, which is faster and wastes little.

namespace simvlm {
namespace {

constexpr size_t kAlignment = 64;            // a cache line, and a register of AVX-512
constexpr size_t kLarge = size_t{64} << 10;  // from here on blocks come from mmap and are kept
constexpr size_t kArena = size_t{1} << 20;   // from here on they come from the arena
constexpr size_t kPage = size_t{4} << 10;
constexpr size_t kAlwaysCheck = size_t{64} << 20;
constexpr int64_t kAlwaysKeep = int64_t{64} << 20;
constexpr int kClassesPerDoubling = 8;  // at most an eighth of a block is wasted
constexpr int kClasses = 64 * kClassesPerDoubling;

/** In front of every block's data. */
struct Header {
  void* base;     // what free or munmap wants
  size_t size;    // of the whole block
  int sizeClass;  // or one of the two below
};
constexpr int kFromMalloc = -1;
constexpr int kFromArena = -2;
static_assert(sizeof(Header) <= kAlignment);

Header* headerOf(void* data) { return reinterpret_cast<Header*>(static_cast<char*>(data) - sizeof(Header)); }

/** For AddressSanitizer, which sees one block: of what lies behind the header, only the first `bytes` may be
 * touched. */
void permit(void* data, size_t bytes) {
  const Header* header = headerOf(data);
  char* behind = static_cast<char*>(data) + bytes;
  ASAN_UNPOISON_MEMORY_REGION(data, bytes);
  ASAN_POISON_MEMORY_REGION(behind, static_cast<char*>(header->base) + header->size - behind);
}

std::atomic<int64_t> inUse{0};
std::atomic<int64_t> cached{0};
std::atomic<int64_t> allocated{0};
// Bytes in use up to which allocations pass without another look at the machine's memory.
std::atomic<int64_t> checkedUntil{0};

/** Sizes of blocks: 8, 9, … 15 eighths of every power of two. */
struct SizeClass {
  explicit SizeClass(size_t bytes) {
    const int power = 63 - __builtin_clzll(bytes);
    const int shift = power - 3;
    const size_t eighths = (bytes + (size_t{1} << shift) - 1) >> shift;  // 8…16; 16 is the next power's 8
    size = eighths << shift;
    index = power * kClassesPerDoubling + static_cast<int>(eighths) - 8;
  }
  size_t size;
  int index;
};

/** Memory that waits for the next tensor: blocks by their size, and the arena. */
class Cache {
 public:
  /** The data of a block of this class; nullptr where none waits. */
  void* take(int sizeClass) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // A block up to a quarter too large will do.
    for (int i = sizeClass; i <= sizeClass + 2 && i < kClasses; ++i) {
      if (blocks_[i].empty()) continue;
      void* data = blocks_[i].back();
      blocks_[i].pop_back();
      cached.fetch_sub(static_cast<int64_t>(headerOf(data)->size), std::memory_order_relaxed);
      return data;
    }
    return nullptr;
  }

  /** A block of the arena that waits, or with `isNew` one that was not in RAM; nullptr where there is none. */
  void* takeFromArena(size_t size, bool isNew) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (isNew) return arena_.takeNew(size);
    void* base = arena_.takeWaiting(size);
    if (base != nullptr) cached.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
    return base;
  }

  void put(void* data) {
    permit(data, 0);
    const Header header = *headerOf(data);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (header.sizeClass == kFromArena)
      arena_.put(static_cast<char*>(header.base), header.size);
    else
      blocks_[header.sizeClass].push_back(data);
    cached.fetch_add(static_cast<int64_t>(header.size), std::memory_order_relaxed);
  }

  /** Gives memory back to the system, the largest blocks first, until at most `keep` bytes wait. */
  void shrink(int64_t keep) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t above = cached.load(std::memory_order_relaxed) - keep;
    if (above > 0) {
      const size_t cooled = arena_.cool(static_cast<size_t>(above));
      cached.fetch_sub(static_cast<int64_t>(cooled), std::memory_order_relaxed);
    }
    for (int i = kClasses - 1; i >= 0 && cached.load(std::memory_order_relaxed) > keep; --i)
      while (!blocks_[i].empty() && cached.load(std::memory_order_relaxed) > keep) {
        const Header header = *headerOf(blocks_[i].back());
        blocks_[i].pop_back();
        ASAN_UNPOISON_MEMORY_REGION(header.base, header.size);
        munmap(header.base, header.size);
        cached.fetch_sub(static_cast<int64_t>(header.size), std::memory_order_relaxed);
      }
  }

  /**
   * Sizes change: what waits for sizes that do not come any more makes room for a new block. In use and
   * waiting together never hold more than a sixteenth above the most that was ever in use at once.
   */
  void makeRoom(int64_t size) {
    const int64_t use = inUse.load(std::memory_order_relaxed) + size;
    if (use > peak_.load(std::memory_order_relaxed)) peak_.store(use, std::memory_order_relaxed);
    const int64_t peak = peak_.load(std::memory_order_relaxed);
    shrink(std::max<int64_t>(peak + std::max(peak / 16, kAlwaysKeep) - use, 0));
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<void*>, kClasses> blocks_;
  Arena arena_;
  std::atomic<int64_t> peak_{0};
};

Cache& cache() {
  static Cache* const instance = new Cache;  // never destroyed: tensors may be freed after the statics are
  return *instance;
}

[[noreturn]] void refuse(size_t bytes, int64_t available) {
  if (available < 0) available = 0;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CPU out of memory: tried to allocate ", bytes, " bytes with ",
                   available, " bytes available and ", inUse.load(), " bytes in tensors");
  std::abort();
}

/** What can still be promised: memory that was promised but not written to yet still counts as available to
 * Linux. */
int64_t availableNow() {
  const int64_t promised = inUse.load() + cached.load() - residentMemory();
  return availableMemory() - std::max<int64_t>(promised, 0);
}

/** Linux promises more memory than there is and kills who uses it; so ask before, and only now and then. */
void ensureAvailable(size_t bytes, size_t blockSize) {
  const auto size = static_cast<int64_t>(blockSize);
  const int64_t before = inUse.load(std::memory_order_relaxed);
  if (blockSize < kAlwaysCheck && before + size <= checkedUntil.load(std::memory_order_relaxed)) return;
  int64_t available = availableNow();
  if (size > available && cached.load() > 0) {
    cache().shrink(0);
    available = availableNow();
  }
  if (size > available) refuse(bytes, available);
  checkedUntil.store(before + size + (available - size) / 4, std::memory_order_relaxed);
}

/** Memory that is not in RAM yet, once there is room for it. `map` gives nullptr where the system has none. */
template <typename Map>
void* takeNew(size_t bytes, size_t size, Map map) {
  ensureAvailable(bytes, size);
  cache().makeRoom(static_cast<int64_t>(size));
  void* base = map();
  if (base == nullptr) {
    cache().shrink(0);
    base = map();
  }
  if (base == nullptr) refuse(bytes, availableNow());
  return base;
}

void* mapped(size_t size) {
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return base == MAP_FAILED ? nullptr : base;
}

void* takeOfClass(size_t bytes) {
  // The header has a page of its own: sizes of tensors are often those of a class to the byte.
  const SizeClass wanted(bytes);
  if (void* data = cache().take(wanted.index)) return data;
  const size_t size = wanted.size + kPage;
  void* base = takeNew(bytes, size, [size] { return mapped(size); });
  void* data = static_cast<char*>(base) + kAlignment;
  *headerOf(data) = {base, size, wanted.index};
  return data;
}

void* takeFromArena(size_t bytes) {
  const size_t size = (bytes + kAlignment + kPage - 1) / kPage * kPage;
  void* base = cache().takeFromArena(size, false);
  if (base == nullptr) base = takeNew(bytes, size, [size] { return cache().takeFromArena(size, true); });
  // It may have been the inside of a larger block.
  ASAN_UNPOISON_MEMORY_REGION(base, size);
  void* data = static_cast<char*>(base) + kAlignment;
  *headerOf(data) = {base, size, kFromArena};
  return data;
}

void* takeSmall(size_t bytes) {
  const size_t size = bytes + sizeof(Header) + kAlignment;
  void* base = std::malloc(size);
  if (base == nullptr) refuse(bytes, 0);
  const uintptr_t first = reinterpret_cast<uintptr_t>(base) + sizeof(Header);
  void* data = reinterpret_cast<void*>((first + kAlignment - 1) & ~(kAlignment - 1));
  *headerOf(data) = {base, size, kFromMalloc};
  return data;
}

void release(void* data) {
  if (data == nullptr) return;
  const Header* header = headerOf(data);
  inUse.fetch_sub(static_cast<int64_t>(header->size), std::memory_order_relaxed);
  if (header->sizeClass == kFromMalloc)
    std::free(header->base);
  else
    cache().put(data);
}

// Functions are declared without `override`: libtorch changed their signatures (allocate lost its const,
// copy_data came), and whichever a version has is overridden by name.
struct CpuAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) const { return take(bytes); }
  c10::DataPtr allocate(size_t bytes) { return take(bytes); }
  c10::DeleterFnPtr raw_deleter() const { return &release; }
  void copy_data(void* to, const void* from, std::size_t count) const { std::memcpy(to, from, count); }

  static c10::DataPtr take(size_t bytes) {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    if (bytes > (size_t{1} << 47)) refuse(bytes, availableNow());  // more than an address can say
    void* data = bytes < kLarge ? takeSmall(bytes) : bytes < kArena ? takeOfClass(bytes) : takeFromArena(bytes);
    permit(data, bytes);
    const auto size = static_cast<int64_t>(headerOf(data)->size);
    inUse.fetch_add(size, std::memory_order_relaxed);
    allocated.fetch_add(size, std::memory_order_relaxed);
    return {data, data, &release, cpu};
  }
};

}  // namespace

void installCpuAllocator() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(new CpuAllocator, /*priority=*/100); });
}

CpuMemory cpuMemory() { return {inUse.load(), cached.load(), allocated.load()}; }

void emptyCpuCache() { cache().shrink(0); }

}  // namespace simvlm
