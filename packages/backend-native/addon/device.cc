#include "device.h"

#include "errors.h"

#ifdef SIMVLM_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif
#include <ATen/ops/empty_like.h>

namespace simvlm {

#ifdef SIMVLM_CUDA

namespace {

void requireDevice(int device) {
  const int count = c10::cuda::device_count();
  if (device < 0 || device >= count)
    throw UsageError("CUDA device " + std::to_string(device) + " is not there: this machine has " +
                     std::to_string(count) + " that work");
}

class CudaCopy final : public PendingCopy {
 public:
  explicit CudaCopy(const at::Tensor& tensor)
      : device_(tensor.get_device()),
        host_(at::empty_like(tensor, tensor.options().device(at::kCPU).pinned_memory(true))) {
    c10::cuda::CUDAGuard guard(device_);
    host_.copy_(tensor, /*non_blocking=*/true);
    C10_CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming | cudaEventBlockingSync));
    C10_CUDA_CHECK(cudaEventRecord(event_, c10::cuda::getCurrentCUDAStream(device_).stream()));
  }
  ~CudaCopy() override {
    if (event_ != nullptr) cudaEventDestroy(event_);
  }
  void wait() override {
    c10::cuda::CUDAGuard guard(device_);
    C10_CUDA_CHECK(cudaEventSynchronize(event_));
  }
  const at::Tensor& host() const override { return host_; }

 private:
  c10::DeviceIndex device_;
  at::Tensor host_;
  cudaEvent_t event_ = nullptr;
};

class CudaGraph final : public Graph {
 public:
  explicit CudaGraph(int device) : device_(static_cast<c10::DeviceIndex>(device)) {
    c10::cuda::CUDAGuard guard(device_);
    // What was asked before must not fall into the recording's memory pool half done.
    c10::cuda::device_synchronize();
    makeRoom();
    graph_.capture_begin();
  }
  void end() override {
    c10::cuda::CUDAGuard guard(device_);
    graph_.capture_end();
  }
  void replay() override {
    c10::cuda::CUDAGuard guard(device_);
    graph_.replay();
  }

 private:
  /**
   * A recording takes new memory for all its temporaries and cannot free any: as much again as the steps before it left in the
   * cache. Where both do not fit, the cache goes back to the driver first.
   */
  void makeRoom() const {
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device_);
    const auto cached = stats.reserved_bytes[0].current - stats.allocated_bytes[0].current;
    if (static_cast<int64_t>(free) < cached) c10::cuda::CUDACachingAllocator::emptyCache();
  }

  c10::DeviceIndex device_;
  at::cuda::CUDAGraph graph_;
};

}  // namespace

std::vector<std::string> cudaDeviceNames() {
  std::vector<std::string> names;
  // device_count is 0, not an error, without a driver.
  for (int i = 0; i < c10::cuda::device_count(); ++i) {
    cudaDeviceProp properties;
    if (cudaGetDeviceProperties(&properties, i) != cudaSuccess) break;
    names.emplace_back(properties.name);
  }
  cudaGetLastError();
  return names;
}

void useCudaDevice(int device) {
  // Streams are per thread, and so is this list. A graph cannot be recorded on the default stream; therefore
  // all work runs on one stream of the pool from the start, and nothing ever waits for another stream.
  static thread_local std::vector<bool> used;
  const auto index = static_cast<size_t>(device);
  if (index < used.size() && used[index]) return;
  requireDevice(device);
  const auto place = static_cast<c10::DeviceIndex>(device);
  c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, place));
  if (used.size() <= index) used.resize(index + 1);
  used[index] = true;
}

DeviceMemory cudaMemory() {
  DeviceMemory memory;
  for (int i = 0; i < c10::cuda::device_count(); ++i) {
    try {
      const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(i));
      memory.inUse += stats.allocated_bytes[0].current;  // [0] is the sum over small and large blocks
      memory.reserved += stats.reserved_bytes[0].current;
      memory.peakInUse += stats.allocated_bytes[0].peak;
      memory.peakReserved += stats.reserved_bytes[0].peak;
    } catch (const c10::Error&) {
      // Before its first tensor the allocator has no numbers, and says so by throwing.
    }
  }
  return memory;
}

void synchronizeCuda(int device) {
  requireDevice(device);
  c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  c10::cuda::device_synchronize();
}

void emptyCudaCache() {
  if (c10::cuda::device_count() > 0) c10::cuda::CUDACachingAllocator::emptyCache();
}

std::unique_ptr<PendingCopy> startCopyToHost(const at::Tensor& tensor) {
  return std::make_unique<CudaCopy>(tensor);
}

std::unique_ptr<Graph> beginGraph(int device) {
  requireDevice(device);
  useCudaDevice(device);
  return std::make_unique<CudaGraph>(device);
}

#else

namespace {
[[noreturn]] void noCuda() {
  throw UsageError("this addon was built without CUDA: the libtorch that was found has none");
}
}  // namespace

std::vector<std::string> cudaDeviceNames() { return {}; }
void useCudaDevice(int) { noCuda(); }
DeviceMemory cudaMemory() { return {}; }
void synchronizeCuda(int) { noCuda(); }
void emptyCudaCache() {}
std::unique_ptr<PendingCopy> startCopyToHost(const at::Tensor&) { noCuda(); }
std::unique_ptr<Graph> beginGraph(int) { noCuda(); }

#endif

}  // namespace simvlm
