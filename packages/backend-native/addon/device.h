// CUDA devices. Without -DSIMVLM_CUDA every function says that there are none.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace simvlm {

constexpr bool builtWithCuda() {
#ifdef SIMVLM_CUDA
  return true;
#else
  return false;
#endif
}

/** Names of the CUDA devices that work now. */
std::vector<std::string> cudaDeviceNames();

/** Makes the calling thread work on a stream of ours on this device; throws when there is no such device. */
void useCudaDevice(int device);

struct DeviceMemory {
  int64_t inUse = 0;
  int64_t reserved = 0;
  /** The most that either has been since the process began. */
  int64_t peakInUse = 0;
  int64_t peakReserved = 0;
};
/** Of all CUDA devices together. */
DeviceMemory cudaMemory();

void synchronizeCuda(int device);
void emptyCudaCache();

/** A copy on its way from a device to the host. */
class PendingCopy {
 public:
  virtual ~PendingCopy() = default;
  /** Blocks until the numbers are there; on any thread. */
  virtual void wait() = 0;
  /** The numbers, contiguous, on the CPU. */
  virtual const at::Tensor& host() const = 0;
};
/** Starts copying a contiguous CUDA tensor to page-locked host memory. */
std::unique_ptr<PendingCopy> startCopyToHost(const at::Tensor& tensor);

/** A recorded sequence of kernels that one call runs again. */
class Graph {
 public:
  virtual ~Graph() = default;
  virtual void end() = 0;
  virtual void replay() = 0;
};
/** Starts to record what the calling thread asks of the device. */
std::unique_ptr<Graph> beginGraph(int device);

}  // namespace simvlm
