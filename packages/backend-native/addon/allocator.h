// The CPU allocator under ATen: it keeps what was freed for the next tensor of that size, counts, and says no
// where Linux would say yes and then kill the process.
#pragma once

#include <cstdint>

namespace simvlm {

/** Puts the allocator under ATen, once a process. */
void installCpuAllocator();

struct CpuMemory {
  int64_t inUse = 0;      // in blocks that ATen holds now
  int64_t cached = 0;     // in blocks that wait for the next tensor
  int64_t allocated = 0;  // ever handed out
};
CpuMemory cpuMemory();

/** Gives the blocks that wait back to the system. */
void emptyCpuCache();

}  // namespace simvlm
