// How much memory the machine can still give.
#pragma once

#include <cstdint>

namespace simvlm {

/**
 * Bytes that this process may still take: what the machine has free or in caches that it can drop, or what
 * the container's limit leaves, whichever is less. Reads files: tens of microseconds.
 */
int64_t availableMemory();

/** Bytes of memory that this process has taken and written to, files not counted. */
int64_t residentMemory();

}  // namespace simvlm
